package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.access.IdempotencyKeys;
import net.cartback.deletion.access.IdempotencyKeys.First;
import net.cartback.deletion.cases.CaseLetters;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.Keyring.Kind;
import net.cartback.deletion.crypto.Keyring.State;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.Keyrings;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.ledger.SealedColumns;
import net.cartback.deletion.recording.Redigest;
import net.cartback.deletion.serve.KeyRenewal;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Actor;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.net.http.HttpRequest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

class KeysIT {

    private static final KeyMaker MAKER = new KeyMaker(new SecureRandom());
    private static final Duration LEAD = Duration.ofHours(1);

    private TestRelay relay;
    private FakeClientSystem crm;
    private String file;

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
        relay.register(crm);
        file = relay.keyringFile();
    }

    @AfterEach
    void stop() {
        crm.close();
        relay.close();
    }

    @Test
    void a_new_key_opens_and_is_published_before_it_is_in_force_and_the_old_one_after() {
        rotate(EnumSet.allOf(Kind.class));

        assertThat(states()).containsOnly(State.CURRENT, State.NEXT);
        assertThat(relay.keyring().publicKeys()).containsPattern("(?s)\"signing-.*\"signing-");
        var sealedBefore = kidsOf("deletion_request", "subject_sealed", "1");
        relay.clock().advance(LEAD);
        assertThat(states()).containsOnly(State.PREVIOUS, State.CURRENT);
        var sealedAfter = kidsOf("deletion_request", "subject_sealed", "2");

        assertThat(sealedAfter).hasSize(2).containsAll(sealedBefore);
        assertThat(relay.dispatchOnce()).isEqualTo(2);
        assertThat(crm.received()).hasSize(2);
    }

    @Test
    void a_key_that_one_replica_has_not_loaded_is_not_used_by_the_others() {
        var behind = Keyring.parse(file, relay.clock(), new SecureRandom());
        var registerBehind = new KeyRegister(relay.database(), behind, relay.clock());
        var register = new KeyRegister(relay.database(), relay.keyring(), relay.clock());
        registerBehind.beat();
        rotate(EnumSet.allOf(Kind.class));
        relay.clock().advance(LEAD);
        registerBehind.beat();
        register.beat();

        assertThat(kidsOf("deletion_request", "subject_sealed", "1"))
                .containsExactly(current(behind, Kind.DATA));
        assertThat(register.status())
                .filteredOn(each -> each.loadedBy() == 1)
                .hasSize(3)
                .allSatisfy(each -> assertThat(each.replicas()).isEqualTo(2));

        registerBehind.leave();
        register.beat();
        assertThat(current(relay.keyring(), Kind.DATA)).isNotEqualTo(current(behind, Kind.DATA));
        assertThat(kidsOf("deletion_request", "subject_sealed", "2")).hasSize(2);
    }

    @Test
    void a_replica_that_was_killed_counts_for_the_status_no_longer_than_it_would_beat() {
        var dead =
                new KeyRegister(
                        relay.database(),
                        Keyring.parse(file, relay.clock(), new SecureRandom()),
                        relay.clock());
        dead.beat();
        rotate(EnumSet.of(Kind.DATA));
        relay.clock().advance(LEAD);
        var command = KeyRegister.ofCommand(relay.database(), relay.keyring(), relay.clock());
        new KeyRegister(relay.database(), relay.keyring(), relay.clock()).beat();

        assertThat(command.status())
                .filteredOn(each -> each.key().kind() == Kind.DATA)
                .extracting(
                        each -> each.key().state() + " " + each.loadedBy() + " " + each.replicas())
                .containsExactly("PREVIOUS 1 1", "CURRENT 1 1");
        // Whoever seals or takes keys away is more careful: it may only be cut off.
        command.look();
        assertThat(relay.keyring().known())
                .filteredOn(each -> each.kind() == Kind.DATA)
                .extracting(Keyring.KeyInfo::state)
                .containsExactly(State.CURRENT, State.NEXT);
    }

    @Test
    void two_keys_under_one_id_are_not_taken_for_one() {
        var json =
                MAKER.rotate(
                        file,
                        EnumSet.of(Kind.DATA),
                        relay.clock().instant().plus(LEAD),
                        relay.clock().instant());
        rotate(EnumSet.of(Kind.DATA));
        var other =
                Keyring.parse(
                        json.replace(next(json), next(file)), relay.clock(), new SecureRandom());
        var old = current(relay.keyring(), Kind.DATA);
        var register = new KeyRegister(relay.database(), relay.keyring(), relay.clock());
        new KeyRegister(relay.database(), other, relay.clock()).beat();
        relay.clock().advance(LEAD);
        new KeyRegister(relay.database(), other, relay.clock()).beat();
        register.beat();

        assertThat(other.known().stream().map(Keyring.KeyInfo::kid))
                .containsExactlyElementsOf(
                        relay.keyring().known().stream().map(Keyring.KeyInfo::kid).toList());
        assertThat(current(relay.keyring(), Kind.DATA)).isEqualTo(old);
        assertThat(register.faults(relay.keyring()))
                .singleElement()
                .asString()
                .contains("not the key");
    }

    @Test
    void keys_are_settled_once_every_replica_has_had_them_for_so_long() {
        var minute = Duration.ofMinutes(1);
        var register = new KeyRegister(relay.database(), relay.keyring(), relay.clock());
        register.beat();
        assertThat(register.isSettled(minute)).isFalse();
        relay.clock().advance(minute);
        register.beat();
        assertThat(register.isSettled(minute)).isTrue();

        rotate(EnumSet.of(Kind.DATA));
        relay.clock().advance(LEAD);
        register.beat();
        assertThat(register.isSettled(minute)).isFalse();
        relay.clock().advance(minute);
        register.beat();
        assertThat(register.isSettled(minute)).isTrue();
    }

    @Test
    void a_command_seals_and_signs_with_nothing_that_a_relay_may_lack() {
        relay.clock().advance(LEAD);
        new KeyRegister(relay.database(), relay.keyring(), relay.clock()).beat();
        var now = relay.clock().instant();
        var copy =
                Keyring.parse(
                        MAKER.rotate(file, EnumSet.allOf(Kind.class), now, now),
                        relay.clock(),
                        new SecureRandom());
        var command = KeyRegister.ofCommand(relay.database(), copy, relay.clock());
        // The relay may be without its database for hours and run on.
        relay.clock().advance(Duration.ofHours(23));
        assertThat(command.faultsBesideReplicas()).isEmpty();
        assertThat(current(copy, Kind.DATA)).isEqualTo(current(relay.keyring(), Kind.DATA));
        assertThat(current(copy, Kind.SIGNING)).isEqualTo(current(relay.keyring(), Kind.SIGNING));
        assertThat(command.isSettled(Duration.ofMinutes(1))).isFalse();
        command.rememberInForce();
        assertThat(relay.texts("SELECT kid FROM relay_key ORDER BY kid"))
                .isEqualTo(
                        relay.keyring().known().stream()
                                .map(Keyring.KeyInfo::kid)
                                .sorted()
                                .toList());

        // Whoever was not seen for a day has gone without saying so.
        relay.clock().advance(Duration.ofHours(2));
        assertThat(command.faultsBesideReplicas()).isEmpty();
        assertThat(current(copy, Kind.DATA)).isNotEqualTo(current(relay.keyring(), Kind.DATA));
    }

    @Test
    void a_command_with_the_keys_of_another_relay_is_refused() {
        new KeyRegister(relay.database(), relay.keyring(), relay.clock()).beat();
        var stranger =
                Keyring.parse(
                        MAKER.generate(relay.clock().instant()), relay.clock(), new SecureRandom());
        assertThat(
                        KeyRegister.ofCommand(relay.database(), stranger, relay.clock())
                                .faultsBesideReplicas())
                .hasSize(3)
                .allSatisfy(each -> assertThat(each).contains("is this their keyring?"));
    }

    @Test
    void a_wish_is_a_repeat_across_the_change_of_the_index_key() {
        var signed = relay.signedRequest("1");
        var first = code(relay, signed);
        rotate(EnumSet.of(Kind.INDEX));
        assertThat(code(relay, signed)).isEqualTo(first);

        relay.clock().advance(LEAD);
        assertThat(code(relay, signed)).isEqualTo(first);
        var progress = new Redigest(relay.database(), relay.keyring()).run(now -> {});
        assertThat(progress).isEqualTo(new Redigest.Progress(1, 1, 0));

        var newOnly = withoutPrevious();
        try (var replica = relay.replica(newOnly)) {
            assertThat(code(replica, signed)).isEqualTo(first);
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
    }

    @Test
    void two_replicas_on_both_sides_of_the_change_take_the_same_wish_for_one() throws Exception {
        var ahead = rotate(EnumSet.of(Kind.INDEX));
        relay.clock().advance(LEAD);
        var behind = Keyring.parse(ahead, relay.clock(), new SecureRandom());
        behind.loadedEverywhere(
                Set.copyOf(
                        behind.known().stream()
                                .filter(
                                        key ->
                                                key.state() != State.CURRENT
                                                        || key.kind() != Kind.INDEX)
                                .map(Keyring.KeyInfo::kid)
                                .toList()));
        assertThat(current(behind, Kind.INDEX)).isNotEqualTo(current(relay.keyring(), Kind.INDEX));
        try (var other = relay.replica(behind);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int user = 1; user <= 60; user++) {
                var signed = relay.signedRequest(Integer.toString(user));
                Callable<String> here = () -> code(relay, signed);
                Callable<String> there = () -> code(other, signed);
                var codes = new HashSet<String>();
                for (var answer : threads.invokeAll(List.of(here, there, here, there))) {
                    codes.add(answer.get());
                }
                assertThat(codes).as("user " + user).hasSize(1);
            }
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(60);
    }

    @Test
    void what_older_keys_sealed_is_sealed_anew_and_everything_still_opens() {
        relay.metaAsksToDelete("1");
        crm.answers(202, "later");
        var code = relay.metaAsksToDelete("2");
        relay.dispatchOnce();
        var delivery = crm.received().getLast().webhookId();
        assertThat(relay.receipt(delivery, crm.secret(), "{\"outcome\":\"deleted\"}").statusCode())
                .isEqualTo(204);
        assertThat(
                        relay.admin(
                                        "/deliveries/" + delivery + "/amend",
                                        "\"outcome\": \"nothing_found\"")
                                .statusCode())
                .isEqualTo(200);
        // As if somebody had asked by letter, and were told by mail.
        var asked = UUID.randomUUID();
        relay.database()
                .useHandle(
                        handle ->
                                handle.execute(
                                        "INSERT INTO person_case (id, channel, asked_right,"
                                            + " received_at, entered_at, acknowledge_by, language,"
                                            + " contact_sealed) VALUES (?, 'letter', 'erasure',"
                                            + " now(), now(), now(), 'en', ?)",
                                        asked,
                                        relay.keyring()
                                                .sealer()
                                                .seal(
                                                        CaseLetters.sealedColumns()
                                                                .getFirst()
                                                                .at(asked),
                                                        "dana@example.com")));
        var calls = new IdempotencyKeys(relay.database(), relay.keyring(), relay.clock());
        if (calls.use(Actor.COMMAND, "key", "what") instanceof First first) {
            calls.done(first, 200, null, "done");
        }
        var again = relay.signedRequest("2");
        rotate(EnumSet.of(Kind.DATA));
        relay.clock().advance(LEAD);

        var reseal = new Reseal(relay.database(), relay.keyring().sealer());
        for (var column : KeyRenewal.sealedColumns()) {
            if (!column.column().equals("query_sealed")) {
                assertThat(reseal.run(column, now -> {}).resealed())
                        .as(column.toString())
                        .isPositive();
            }
            assertThat(reseal.run(column, now -> {}).resealed()).as(column.toString()).isZero();
        }

        assertThat(calls.use(Actor.COMMAND, "key", "what"))
                .isEqualTo(new IdempotencyKeys.Again(200, "", "done"));
        var newOnly = withoutPrevious();
        try (var replica = relay.replica(newOnly)) {
            assertThat(code(replica, again)).isEqualTo(code);
            assertThat(replica.admin("/deliveries/" + delivery).body())
                    .contains("Dana")
                    .contains("later");
        }
    }

    @Test
    void a_value_that_is_erased_in_between_stays_erased() throws Exception {
        relay.metaAsksToDelete("1");
        rotate(EnumSet.of(Kind.DATA));
        relay.clock().advance(LEAD);
        relay.waitsForEver();
        var reseal = new Reseal(relay.database(), relay.keyring().sealer());
        var subjects = SealedColumns.ALL.getFirst();
        try (var erasing = TestPostgres.connect(relay.address());
                var statement = erasing.createStatement();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            erasing.setAutoCommit(false);
            statement.execute("UPDATE deletion_request SET subject_sealed = NULL");
            var progress = threads.submit(() -> reseal.run(subjects, now -> {}));
            await().atMost(Duration.ofMinutes(2))
                    .until(
                            () ->
                                    relay.count(
                                                    "SELECT count(*) FROM pg_stat_activity WHERE"
                                                        + " wait_event_type = 'Lock' AND datname ="
                                                        + " current_database()")
                                            == 1);
            erasing.commit();

            assertThat(progress.get().resealed()).isZero();
        }
        assertThat(relay.count("SELECT count(subject_sealed) FROM deletion_request")).isZero();
    }

    @Test
    void what_cannot_be_opened_stays_as_it_is_and_keeps_nothing_else_from_being_sealed_anew() {
        relay.metaAsksToDelete("1");
        relay.clock().advance(Duration.ofSeconds(1));
        relay.metaAsksToDelete("2");
        relay.execute(
                """
                UPDATE deletion_request
                   SET subject_sealed = set_byte(subject_sealed, 40, get_byte(subject_sealed, 40) # 1)
                 WHERE id = (SELECT id FROM deletion_request ORDER BY id LIMIT 1)
                """);
        var broken = relay.bytes("SELECT subject_sealed FROM deletion_request ORDER BY id LIMIT 1");
        rotate(EnumSet.of(Kind.DATA, Kind.INDEX));
        relay.clock().advance(LEAD);

        var subjects = SealedColumns.ALL.getFirst();
        var reseal = new Reseal(relay.database(), relay.keyring().sealer());
        assertThat(reseal.run(subjects, now -> {}))
                .isEqualTo(new Reseal.Progress(subjects, 2, 1, 1));
        assertThat(relay.bytes("SELECT subject_sealed FROM deletion_request ORDER BY id LIMIT 1"))
                .isEqualTo(broken);
        assertThat(new Redigest(relay.database(), relay.keyring()).run(now -> {}))
                .isEqualTo(new Redigest.Progress(2, 1, 1));
    }

    @Test
    void a_keyring_that_cannot_read_the_database_is_found_before_anything_is_read() {
        var register = new KeyRegister(relay.database(), relay.keyring(), relay.clock());
        register.beat();
        var kid = current(relay.keyring(), Kind.DATA);
        var stranger =
                Keyring.parse(
                        MAKER.generate(relay.clock().instant()), relay.clock(), new SecureRandom());

        var faults = register.faults(stranger);

        assertThat(faults)
                .hasSize(2)
                .anySatisfy(fault -> assertThat(fault).contains(kid))
                .allSatisfy(fault -> assertThat(fault).contains("is missing"));
        rotate(EnumSet.allOf(Kind.class));
        relay.clock().advance(LEAD);
        register.beat();
        assertThat(register.faults(withoutPrevious()))
                .hasSize(2)
                .allSatisfy(fault -> assertThat(fault).contains("is missing"));
        register.retire(List.of(kid));
        assertThat(register.faults(withoutPrevious()))
                .singleElement()
                .asString()
                .contains("the index key");
    }

    @Test
    void what_is_sealed_under_a_key_that_is_not_here_yet_is_left_to_who_has_it() {
        var behind = relay.replica(Keyring.parse(file, relay.clock(), new SecureRandom()));
        rotate(EnumSet.of(Kind.DATA));
        relay.clock().advance(LEAD);
        var signed = relay.signedRequest("1");
        assertThat(relay.callback(signed).statusCode()).isEqualTo(200);

        // Its code cannot be told here, and it is not taken for a new one.
        assertThat(behind.callback(signed).statusCode()).isEqualTo(503);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();

        behind.dispatchOnce();
        assertThat(crm.received()).isEmpty();
        assertThat(relay.texts("SELECT state || ' ' || reason || ' ' || step FROM delivery"))
                .containsExactly("pending key_missing 0");
        assertThat(relay.texts("SELECT reply || ' ' || error FROM attempt"))
                .containsExactly("not_sent key_missing");
        assertThat(relay.count("SELECT count(*) FROM system_gate WHERE held_reason IS NOT NULL"))
                .isZero();

        relay.clock().advance(Duration.ofSeconds(10));
        relay.dispatchOnce();
        assertThat(crm.received()).hasSize(1);
        assertThat(relay.texts("SELECT state FROM delivery")).containsExactly("closed");
    }

    @Test
    void a_replica_that_may_lack_a_key_records_nothing_and_goes_on_telling() {
        var code = relay.metaAsksToDelete("1");
        relay.isInStep(false);

        var reply = relay.callback(relay.signedRequest("2"));
        assertThat(reply.statusCode()).isEqualTo(503);
        assertThat(reply.headers().firstValue("Retry-After")).isPresent();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
        assertThat(relay.status(code).get("state").textValue()).isNotEmpty();
        assertThat(
                        Http.send(
                                        HttpRequest.newBuilder(relay.uri("/.well-known/jwks.json"))
                                                .build())
                                .statusCode())
                .isEqualTo(200);
    }

    @Test
    void a_copied_ciphertext_does_not_open_in_another_row() {
        relay.metaAsksToDelete("1");
        relay.metaAsksToDelete("2");
        relay.execute(
                """
                UPDATE deletion_request
                   SET subject_sealed = (SELECT subject_sealed FROM deletion_request
                                          ORDER BY id LIMIT 1)
                """);

        relay.dispatchOnce();

        assertThat(crm.received()).hasSize(1);
        assertThat(relay.texts("SELECT reason FROM delivery WHERE state = 'parked'"))
                .containsExactly("subject_unreadable");
    }

    @Test
    void a_copied_ciphertext_does_not_open_in_another_column() {
        var signed = relay.signedRequest("1");
        code(relay, signed);
        relay.execute("UPDATE deletion_request SET code_sealed = subject_sealed");

        var repeated = Http.sendUnchecked(relay.callbackRequest(TestRelay.APP_ID, signed));

        assertThat(repeated.statusCode()).isEqualTo(500);
        assertThat(repeated.body()).doesNotContain("confirmation_code");
    }

    @Test
    void a_copied_ciphertext_does_not_open_in_another_table() {
        relay.execute(
                "UPDATE app_secret SET id = (SELECT id FROM system_secret), value_sealed = (SELECT"
                        + " value_sealed FROM system_secret)");

        assertThatThrownBy(() -> relay.registry().reload())
                .isInstanceOf(SealBroken.class)
                .hasMessageContaining("app_secret.value_sealed");
    }

    private List<State> states() {
        return relay.keyring().known().stream().map(Keyring.KeyInfo::state).toList();
    }

    private static String current(Keyring keyring, Kind kind) {
        return keyring.known().stream()
                .filter(key -> key.kind() == kind && key.state() == State.CURRENT)
                .map(Keyring.KeyInfo::kid)
                .findFirst()
                .orElseThrow();
    }

    private static String code(TestRelay relay, String signed) {
        return Http.json(relay.callback(signed)).get("confirmation_code").textValue();
    }

    /** The ids of the keys that sealed a column, after one more callback. */
    private List<String> kidsOf(String table, String column, String user) {
        relay.metaAsksToDelete(user);
        return relay.texts(
                "SELECT DISTINCT convert_from(substring(%2$s FROM 3 FOR get_byte(%2$s, 1)), 'UTF8')"
                                .formatted(table, column)
                        + " FROM "
                        + table);
    }

    /** New keys of these kinds, in force after a while. */
    private String rotate(Set<Kind> kinds) {
        file =
                MAKER.rotate(
                        file, kinds, relay.clock().instant().plus(LEAD), relay.clock().instant());
        relay.keyring().reload(file);
        return file;
    }

    /** The id of the data key that waits in a keyring. */
    private String next(String json) {
        return Keyring.parse(json, relay.clock(), new SecureRandom()).known().stream()
                .filter(key -> key.kind() == Kind.DATA && key.state() == State.NEXT)
                .map(Keyring.KeyInfo::kid)
                .findFirst()
                .orElseThrow();
    }

    /** The same keyring without the keys that are not in force any more. */
    private Keyring withoutPrevious() {
        var previous =
                relay.keyring().known().stream()
                        .filter(key -> key.state() == State.PREVIOUS)
                        .map(Keyring.KeyInfo::kid)
                        .toList();
        return Keyring.parse(Keyrings.without(file, previous), relay.clock(), new SecureRandom());
    }

    @Test
    void of_two_keyrings_that_come_to_an_empty_database_the_first_alone_leaves_its_keys() {
        var address = TestPostgres.migrated();
        try (var database = new Database(address, 2, null, Duration.ofMinutes(1))) {
            var clock = InstantSource.system();
            var first = Keyring.parse(newKeyring(), clock, new SecureRandom());
            var other = Keyring.parse(newKeyring(), clock, new SecureRandom());

            assertThat(new KeyRegister(database, first, clock).enter()).isEmpty();
            assertThat(new KeyRegister(database, other, clock).enter()).isNotEmpty();

            // So whoever has the first one can go on, also after a new start.
            assertThat(new KeyRegister(database, first, clock).enter()).isEmpty();
            assertThat(new KeyRegister(database, first, clock).faults(first)).isEmpty();
        }
    }

    private static String newKeyring() {
        return new KeyMaker(new SecureRandom()).generate(Instant.now());
    }
}
