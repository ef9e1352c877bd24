package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.gate.SystemSignal;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ReceiptVerdict;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.ledger.Settlement.Next;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.ReplyClass;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;

/** The races that the design names, each provoked with many threads and two replicas. */
class RacesIT {

    private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

    private TestRelay relay;
    private TestRelay other;
    private final List<FakeClientSystem> systems = new ArrayList<>();

    @BeforeEach
    void start() {
        for (var id : List.of("a", "b", "c", "d")) {
            systems.add(new FakeClientSystem(id));
        }
        relay = new TestRelay().register(systems.toArray(FakeClientSystem[]::new)).waitsForEver();
        other = relay.replica().waitsForEver();
    }

    @AfterEach
    void stop() {
        relay.close();
        systems.forEach(FakeClientSystem::close);
    }

    @Test
    void the_last_deliveries_that_close_at_once_on_two_replicas_close_the_request()
            throws Exception {
        for (int i = 0; i < 100; i++) {
            record("user " + i, null);
        }
        var deliveries =
                new ArrayList<>(
                        relay.database()
                                .withHandle(
                                        handle ->
                                                handle.createQuery("SELECT id FROM delivery")
                                                        .mapTo(UUID.class)
                                                        .list()));
        Collections.shuffle(deliveries, new java.util.Random(1));

        var verdicts =
                race(
                        deliveries.stream()
                                .map(
                                        id ->
                                                (Callable<ReceiptVerdict>)
                                                        () ->
                                                                either(id.hashCode())
                                                                        .ledger()
                                                                        .answer(
                                                                                new DeliveryId(id),
                                                                                Answer.DELETED,
                                                                                BODY))
                                .toList());

        assertThat(verdicts).hasSize(400).containsOnly(ReceiptVerdict.RECORDED);
        assertThat(
                        relay.count(
                                "SELECT count(*) FROM deletion_request WHERE closed_at IS NOT NULL"
                                        + " AND open_deliveries = 0"))
                .isEqualTo(100);
        // Undated, and closed: the next such wish is a new one.
        assertThat(record("user 1", null)).isInstanceOf(RecordedRequest.Created.class);
    }

    @Test
    void batches_of_two_replicas_that_overlap_in_their_requests_do_not_lose_a_close()
            throws Exception {
        for (int i = 0; i < 60; i++) {
            record("user " + i, null);
        }
        var claimed = new ArrayList<ClaimedDelivery>();
        relay.execute("UPDATE client_system SET max_in_flight = 1000");
        for (var some = relay.claim(1000); !some.isEmpty(); some = relay.claim(1000)) {
            claimed.addAll(some);
        }
        assertThat(claimed).hasSize(240);
        Collections.shuffle(claimed, new java.util.Random(2));
        var batches = new ArrayList<Callable<Integer>>();
        for (int i = 0; i < 240; i += 20) {
            var batch =
                    claimed.subList(i, i + 20).stream()
                            .map(each -> settlement(each, Answer.DELETED))
                            .toList();
            var target = either(i / 20);
            batches.add(
                    () -> {
                        target.ledger().settle(batch);
                        return batch.size();
                    });
        }

        assertThat(race(batches)).hasSize(12);
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(240);
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NOT NULL"))
                .isEqualTo(60);
    }

    @Test
    void subscribing_misses_no_request_that_is_being_inserted_at_that_moment() throws Exception {
        for (int round = 0; round < 6; round++) {
            relay.register(TestRelay.app(List.of("a")));
            var tasks = new ArrayList<Callable<Boolean>>();
            for (int i = 0; i < 60; i++) {
                var user = "round " + round + " user " + i;
                var target = either(i);
                tasks.add(
                        () ->
                                target.recordings().record(request(user, null))
                                        instanceof RecordedRequest.Created);
            }
            tasks.add(
                    30,
                    () -> {
                        other.register(TestRelay.app(List.of("a", "b")));
                        return true;
                    });

            assertThat(race(tasks)).containsOnly(true);
            // What was being inserted is filled up when no statement of then is under way any more.
            relay.execute("UPDATE backfill SET subscribed_at = subscribed_at - INTERVAL '1 hour'");
            await().atMost(Duration.ofMinutes(2))
                    .until(
                            () -> {
                                relay.backfill().fillOpenRequests();
                                return relay.count("SELECT count(*) FROM backfill") == 0;
                            });
            assertThat(
                            relay.count(
                                    """
                                    SELECT count(*) FROM deletion_request r
                                     WHERE (SELECT count(*) FROM delivery d WHERE d.request_id = r.id) <> 2
                                        OR r.open_deliveries <> 2
                                    """))
                    .isZero();
        }
    }

    @Test
    void the_first_of_many_different_answers_wins_and_the_others_are_told() throws Exception {
        for (int round = 0; round < 20; round++) {
            var user = "user " + round;
            record(user, null);
            var delivery =
                    relay.database()
                            .withHandle(
                                    handle ->
                                            handle.createQuery(
                                                            "SELECT id FROM delivery ORDER BY id"
                                                                    + " DESC LIMIT 1")
                                                    .mapTo(UUID.class)
                                                    .one());
            var tasks = new ArrayList<Callable<ReceiptVerdict>>();
            for (int i = 0; i < 24; i++) {
                var answer = i % 2 == 0 ? Answer.DELETED : Answer.NOTHING_FOUND;
                var target = either(i / 2);
                tasks.add(() -> target.ledger().answer(new DeliveryId(delivery), answer, BODY));
            }

            var verdicts = race(tasks);

            assertThat(verdicts.stream().filter(ReceiptVerdict.RECORDED::equals)).hasSize(1);
            assertThat(verdicts.stream().filter(ReceiptVerdict.REPEATED::equals)).hasSize(11);
            assertThat(verdicts.stream().filter(ReceiptVerdict.CONTRADICTED::equals)).hasSize(12);
        }
        assertThat(relay.count("SELECT count(*) FROM receipt")).isEqualTo(20);
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE open_deliveries <> 3"))
                .isZero();
    }

    @Test
    void an_answer_that_arrives_before_the_attempts_own_reply_wins() {
        record("1", null);
        var claimed = relay.claim(1).getFirst();
        assertThat(other.ledger().answer(claimed.id(), Answer.NOTHING_FOUND, BODY))
                .isEqualTo(ReceiptVerdict.RECORDED);

        relay.ledger()
                .settle(
                        List.of(
                                new Settlement(
                                        claimed,
                                        attempt(),
                                        new Next.AwaitReceipt(relay.clock().instant(), null),
                                        new SystemSignal.Good())));
        relay.ledger().settle(List.of(settlement(claimed, Answer.DELETED)));

        assertThat(
                        relay.count(
                                "SELECT count(*) FROM delivery WHERE state = 'closed' AND outcome ="
                                        + " 'nothing_found'"))
                .isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM contradiction WHERE outcome = 'deleted'"))
                .isEqualTo(1);
        assertThat(relay.count("SELECT count(*) FROM attempt")).isEqualTo(1);
        assertThat(relay.count("SELECT open_deliveries FROM deletion_request")).isEqualTo(3);
    }

    @Test
    void a_worker_that_stalled_past_its_lease_changes_no_schedule_but_its_answer_counts() {
        record("1", null);
        var stale = relay.claim(1).getFirst();
        relay.clock().advance(java.time.Duration.ofMinutes(2));
        other.ledger().sweep();
        var fresh =
                other.claim(100).stream()
                        .filter(each -> each.id().equals(stale.id()))
                        .findFirst()
                        .orElseThrow();
        assertThat(fresh.attempt()).isEqualTo(2);

        relay.ledger()
                .settle(
                        List.of(
                                new Settlement(
                                        stale,
                                        attempt(),
                                        new Next.Park("status_400"),
                                        new SystemSignal.Good())));
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'parked'")).isZero();
        relay.ledger().settle(List.of(settlement(stale, Answer.DELETED)));
        assertThat(relay.count("SELECT count(*) FROM delivery WHERE state = 'closed'"))
                .isEqualTo(1);
        // Two results for one delivery, in one batch and after the close: counted down once.
        other.ledger()
                .settle(
                        List.of(
                                settlement(fresh, Answer.DELETED),
                                settlement(stale, Answer.DELETED)));
        assertThat(relay.count("SELECT open_deliveries FROM deletion_request")).isEqualTo(3);
    }

    @Test
    void two_answers_for_one_delivery_in_one_batch_close_it_once() {
        record("1", null);
        var claimed = relay.claim(1).getFirst();

        relay.ledger()
                .settle(
                        List.of(
                                settlement(claimed, Answer.DELETED),
                                settlement(claimed, Answer.NOTHING_FOUND)));

        assertThat(relay.count("SELECT open_deliveries FROM deletion_request")).isEqualTo(3);
        assertThat(relay.count("SELECT count(*) FROM contradiction")).isEqualTo(1);
    }

    @Test
    void overlapping_repeats_with_and_without_issued_at_find_their_one_request() throws Exception {
        for (var issuedAt : new Instant[] {Instant.ofEpochSecond(1_700_000_000), null}) {
            for (int round = 0; round < 10; round++) {
                var user = "user " + round + issuedAt;
                var tasks = new ArrayList<Callable<RecordedRequest>>();
                for (int i = 0; i < 32; i++) {
                    var target = either(i);
                    tasks.add(() -> target.recordings().record(request(user, issuedAt)));
                }
                var recordings = race(tasks);
                assertThat(
                                recordings.stream()
                                        .map(RecordedRequest::code)
                                        .collect(Collectors.toSet()))
                        .hasSize(1);
                assertThat(recordings.stream().filter(RecordedRequest.Created.class::isInstance))
                        .hasSize(1);
            }
        }
    }

    @Test
    void undated_repeats_that_race_with_the_close_find_the_old_request_or_make_one_new()
            throws Exception {
        for (int round = 0; round < 20; round++) {
            var user = "user " + round;
            record(user, null);
            var ids =
                    relay.database()
                            .withHandle(
                                    handle ->
                                            handle.createQuery(
                                                            "SELECT id FROM delivery WHERE state <>"
                                                                + " 'closed' ORDER BY id DESC LIMIT"
                                                                + " 4")
                                                    .mapTo(UUID.class)
                                                    .list());
            var codes = ConcurrentHashMap.<String>newKeySet();
            var tasks = new ArrayList<Callable<Boolean>>();
            for (var id : ids) {
                tasks.add(
                        () ->
                                other.ledger().answer(new DeliveryId(id), Answer.DELETED, BODY)
                                        == ReceiptVerdict.RECORDED);
            }
            for (int i = 0; i < 12; i++) {
                tasks.add(
                        () -> {
                            codes.add(
                                    Objects.requireNonNull(
                                                    relay.recordings()
                                                            .record(request(user, null))
                                                            .code())
                                            .value());
                            return true;
                        });
            }
            assertThat(race(tasks)).containsOnly(true);
            assertThat(codes).hasSizeBetween(1, 2);
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request WHERE closed_at IS NOT NULL"))
                .isGreaterThanOrEqualTo(20);
    }

    private RecordedRequest record(String user, @Nullable Instant issuedAt) {
        return relay.recordings().record(request(user, issuedAt));
    }

    private static NewRequest request(String user, @Nullable Instant issuedAt) {
        return new NewRequest(
                Kind.DELETION,
                new Origin.MetaCallback(
                        new MetaAppId(TestRelay.APP_ID),
                        Platform.FACEBOOK,
                        UUID.randomUUID(),
                        issuedAt),
                new MetaUser(user, IdType.APP_SCOPED_USER_ID));
    }

    private Settlement settlement(ClaimedDelivery delivery, Answer answer) {
        return new Settlement(
                delivery,
                attempt(),
                new Next.Close(answer, Basis.IN_REPLY),
                new SystemSignal.Good());
    }

    private Attempt attempt() {
        return new Attempt(
                relay.clock().instant(),
                java.time.Duration.ofMillis(3),
                ReplyClass.ANSWERED,
                null,
                200,
                new byte[0]);
    }

    private TestRelay either(int number) {
        return number % 2 == 0 ? relay : other;
    }

    private static <T> List<T> race(List<Callable<T>> tasks) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var results = new ArrayList<T>();
            for (var each : threads.invokeAll(tasks)) {
                results.add(each.get());
            }
            return results;
        }
    }
}
