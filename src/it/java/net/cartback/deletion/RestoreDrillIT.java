package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.Dump;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What comes back with an old backup goes again: the relay's own, and a client system's. */
class RestoreDrillIT {

    private static final Duration GRACE = Duration.ofDays(35);

    private TestRelay relay;
    private FakeClientSystem crm;
    private final List<byte[]> sealed = new ArrayList<>();

    @BeforeEach
    void start() {
        relay = new TestRelay();
        crm = new FakeClientSystem("crm").answers(200, "{\"outcome\":\"deleted\"}");
        relay.register(crm);
    }

    @AfterEach
    void stop() {
        crm.close();
        relay.close();
    }

    @Test
    void a_relay_that_is_restored_erases_again_what_was_due() {
        var erased = deleted("1");
        var open = relay.metaAsksToDelete("2");
        relay.close();
        var backup = TestPostgres.copy(relay.address());
        relay = relay.reopened();
        relay.dispatchOnce();
        relay.clock().advance(GRACE.plusDays(1));
        relay.retention().sweepIfDue();
        assertThat(held()).as("of both, in the relay that goes on").isZero();

        relay = relay.restoredFrom(backup);
        assertThat(held()).as("of both, in the backup").isEqualTo(2);
        relay.retention().sweepIfDue();

        assertThat(held()).as("of the one that is open in the backup").isOne();
        assertThat(relay.status(erased).get("state").textValue()).isEqualTo("completed");
        assertThat(relay.status(open).get("state").textValue()).isEqualTo("delayed");
        // What the backup does not know to be done is done again.
        relay.dispatchOnce();
        relay.clock().advance(GRACE.plusDays(1));
        relay.retention().sweepIfDue();
        assertThat(held()).isZero();
        assertThat(relay.status(open).get("state").textValue()).isEqualTo("completed");
        assertThat(Dump.values(relay))
                .allSatisfy(
                        value ->
                                assertThat(value)
                                        .doesNotContain(
                                                HexFormat.of().formatHex(sealed.getFirst())));
    }

    @Test
    void a_client_that_is_restored_hears_again_of_everyone_since() {
        deleted("1");
        relay.clock().advance(Duration.ofDays(1));
        var backupOfTheClient = relay.clock().instant();
        relay.clock().advance(Duration.ofDays(1));
        deleted("2");
        deleted("3");
        var before = crm.received().size();

        var order = "\"closed_since\": \"" + backupOfTheClient + "\"";
        var dryRun = relay.admin("/systems/crm/redeliver", order + ", \"dry_run\": true");
        var told = relay.admin("/systems/crm/redeliver", order);
        relay.dispatchOnce();

        assertThat(Http.json(dryRun).get("deliveries").intValue()).isEqualTo(2);
        assertThat(told.statusCode()).isEqualTo(200);
        assertThat(crm.received().subList(before, crm.received().size()))
                .extracting(each -> Http.json(each.body()).at("/data/subject/id").textValue())
                .containsExactlyInAnyOrder("2", "3");
        assertThat(crm.received())
                .extracting(FakeClientSystem.Received::webhookId)
                .doesNotHaveDuplicates();
    }

    private String deleted(String person) {
        var code = relay.metaAsksToDelete(person);
        relay.dispatchOnce();
        assertThat(relay.status(code).get("state").textValue()).isEqualTo("completed");
        sealed.add(
                relay.bytes(
                        "SELECT subject_sealed FROM deletion_request ORDER BY id DESC LIMIT 1"));
        return code;
    }

    private long held() {
        return relay.count("SELECT count(subject_sealed) FROM deletion_request");
    }
}
