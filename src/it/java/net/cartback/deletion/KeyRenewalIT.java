package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.crypto.SealContext;
import net.cartback.deletion.crypto.Sealer;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.keys.KeyRegister;
import net.cartback.deletion.keys.Reseal;
import net.cartback.deletion.serve.KeyRenewal;
import net.cartback.deletion.terms.RetentionPeriods;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;

/** A data key lasts for a month, and ends when no backup needs it any more. */
class KeyRenewalIT {

    private static final Duration LIFE_OF_A_BACKUP = Duration.ofDays(35);

    @TempDir private Path directory;

    private TestRelay relay;
    private FakeClientSystem crm;
    private Path file;
    private KeyRegister replica;
    private KeyRenewal renewal;
    private boolean apart;

    @BeforeEach
    void start() throws IOException {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(202, "");
        relay.register(crm);
        file = directory.resolve("keyring.json");
        Files.writeString(file, relay.keyringFile());
        replica = new KeyRegister(relay.database(), relay.keyring(), relay.clock());
        replica.beat();
        var register = KeyRegister.ofCommand(relay.database(), relay.keyring(), relay.clock());
        renewal =
                new KeyRenewal(
                        file,
                        register,
                        new Reseal(relay.database(), relay.keyring().sealer()),
                        relay.clock(),
                        () -> apart,
                        RetentionPeriods.USUAL);
    }

    @AfterEach
    void stop() {
        crm.close();
        relay.close();
    }

    @Test
    void what_an_old_file_or_backup_holds_cannot_be_opened_any_more() throws IOException {
        relay.metaAsksToDelete("10210123456789012");
        var copy = relay.bytes("SELECT subject_sealed FROM deletion_request");
        var id = relay.texts("SELECT id::text FROM deletion_request").getFirst();
        var old = current();
        assertThat(renew()).isEmpty();

        pass(Duration.ofDays(30));
        assertThat(renew()).singleElement().asString().startsWith("A new data key is added");
        assertThat(renew()).singleElement().asString().startsWith("A new data key waits");
        pass(Duration.ofHours(1));
        assertThat(renew()).singleElement().asString().startsWith("Values of older keys");
        pass(Duration.ofMinutes(2));
        assertThat(renew()).singleElement().asString().contains("values are sealed anew");
        assertThat(renew()).isEmpty();
        assertThat(current()).isNotEqualTo(old);

        // Open as before, for who has the keyring of today; and so is the copy, as yet.
        pass(LIFE_OF_A_BACKUP.minusDays(1));
        renew();
        var now = relay.bytes("SELECT subject_sealed FROM deletion_request");
        assertThat(opened(id, now)).isEqualTo("10210123456789012");
        assertThat(opened(id, copy)).isEqualTo("10210123456789012");

        pass(Duration.ofDays(2));
        assertThat(renew()).anyMatch(each -> each.startsWith("Taken out") && each.contains(old));
        assertThat(Files.readString(file)).doesNotContain('"' + old + '"');
        assertThat(opened(id, relay.bytes("SELECT subject_sealed FROM deletion_request")))
                .isEqualTo("10210123456789012");
        assertThatThrownBy(() -> opened(id, copy)).isInstanceOf(SealBroken.class);
    }

    @Test
    void while_a_replica_lacks_the_new_key_nothing_is_sealed_anew_and_nothing_taken_out()
            throws IOException {
        var behind =
                new KeyRegister(
                        relay.database(),
                        Keyring.parse(Files.readString(file), relay.clock(), new SecureRandom()),
                        relay.clock());
        pass(Duration.ofDays(30));
        renew();
        for (int hour = 0; hour < 48; hour++) {
            behind.beat();
            pass(Duration.ofMinutes(30));
            assertThat(renew()).noneMatch(each -> each.contains("sealed anew;"));
        }
        assertThat(Files.readString(file)).contains('"' + current() + '"');
    }

    @Test
    void
            a_key_that_has_sealed_something_since_it_was_retired_is_kept_and_what_it_sealed_sealed_anew()
                    throws IOException {
        var old = current();
        pass(Duration.ofDays(30));
        renew();
        pass(Duration.ofHours(1));
        renew();
        pass(Duration.ofMinutes(2));
        assertThat(renew()).singleElement().asString().contains("values are sealed anew");
        // A clock that went back, or a command that was begun before.
        relay.metaAsksToDelete("10210123456789012");
        relay.execute(
                "UPDATE deletion_request SET subject_sealed = '\\x"
                        + HexFormat.of().formatHex(Sealer.prefix(old))
                        + "' || substring(subject_sealed FROM "
                        + (Sealer.prefix(current()).length + 1)
                        + ")");

        pass(LIFE_OF_A_BACKUP.plusDays(1));
        assertThat(renew()).anyMatch(each -> each.startsWith("Kept") && each.contains(old));
        assertThat(Files.readString(file)).contains('"' + old + '"');
        assertThat(relay.count("SELECT count(*) FROM relay_key WHERE retired_at IS NOT NULL"))
                .isZero();
    }

    @Test
    void while_the_clocks_are_apart_nothing_is_added_and_nothing_taken_out() throws IOException {
        apart = true;
        var before = Files.readString(file);
        pass(Duration.ofDays(800));
        assertThat(renew()).singleElement().asString().startsWith("Nothing is done");
        assertThat(file).hasContent(before);
    }

    @Test
    void a_key_that_waits_for_years_keeps_no_other_from_being_added() throws IOException {
        Files.writeString(
                file,
                new KeyMaker(new SecureRandom())
                        .rotate(
                                Files.readString(file),
                                EnumSet.of(Keyring.Kind.DATA),
                                relay.clock().instant().plus(Duration.ofDays(800)),
                                relay.clock().instant()));
        relay.keyring().reload(Files.readString(file));
        pass(Duration.ofDays(30));
        assertThat(renew()).singleElement().asString().startsWith("A new data key is added");
    }

    @Test
    void an_id_is_never_given_twice_and_a_key_under_the_id_of_a_retired_one_is_refused() {
        var maker = new KeyMaker(new SecureRandom());
        var now = relay.clock().instant();
        var kids = new HashSet<String>();
        for (int i = 0; i < 200; i++) {
            var made =
                    Keyring.parse(maker.generate(now), relay.clock(), new SecureRandom()).known();
            made.forEach(each -> kids.add(each.kid()));
        }
        assertThat(kids).hasSize(600);

        var kid = current();
        relay.execute("UPDATE relay_key SET retired_at = now() WHERE kid = '" + kid + "'");
        var other = maker.generate(now).replaceAll("data-[0-9a-f-]+", kid);
        var faults = replica.faults(Keyring.parse(other, relay.clock(), new SecureRandom()));
        assertThat(faults).anyMatch(each -> each.contains(kid) && each.contains("is not the key"));
    }

    /** The file as it is now is what the relay has loaded. */
    private List<String> renew() throws IOException {
        var told = renewal.run();
        relay.keyring().reload(Files.readString(file));
        replica.beat();
        return told;
    }

    private void pass(Duration time) {
        relay.clock().advance(time);
        replica.beat();
    }

    private String current() {
        replica.look();
        return relay.keyring().known().stream()
                .filter(key -> key.kind() == Keyring.Kind.DATA)
                .filter(key -> key.state() == Keyring.State.CURRENT)
                .map(Keyring.KeyInfo::kid)
                .findFirst()
                .orElseThrow();
    }

    private String opened(String id, byte[] sealed) throws IOException {
        return Keyring.parse(Files.readString(file), relay.clock(), new SecureRandom())
                .sealer()
                .open(new SealContext("deletion_request", "subject_sealed", id), sealed);
    }
}
