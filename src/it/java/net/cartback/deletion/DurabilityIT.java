package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.OwnPostgres;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.storage.Migrations;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Executors;

/**
 * A commit waits for a standby. A server that is started again shows what it had written while it
 * still waited; nobody is told so before the standby has it.
 */
class DurabilityIT {

    @TempDir private Path directory;

    private OwnPostgres postgres;
    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        postgres = new OwnPostgres(directory);
        Migrations.migrate(postgres.address(), null);
        relay = new TestRelay(postgres.address());
        crm = new FakeClientSystem("crm").answers(202, "");
        relay.register(crm);
    }

    @AfterEach
    void stop() {
        crm.close();
        relay.close();
        postgres.close();
    }

    @Test
    void a_repeat_and_a_receipt_are_not_answered_before_the_standby_has_the_first()
            throws Exception {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        var signed = relay.signedRequest("2");
        withoutStandby();
        assertThat(bothAt(signed, delivery)).containsOnly(503);
        restart();
        // They are there, and would be gone after a failover.
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM receipt")).isOne();

        assertThat(bothAt(signed, delivery)).containsOnly(503);

        withStandby();
        var reply = relay.callback(signed);
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(Http.json(reply).get("confirmation_code").textValue()).hasSize(26);
        assertThat(answer(delivery).statusCode()).isEqualTo(204);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(2);
    }

    /** Both wait for as long as they may: at the same time. */
    private List<Integer> bothAt(String signed, String delivery) throws Exception {
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var callback = threads.submit(() -> relay.callback(signed).statusCode());
            var receipt = threads.submit(() -> answer(delivery).statusCode());
            return List.of(callback.get(), receipt.get());
        }
    }

    private HttpResponse<String> answer(String delivery) {
        return relay.receipt(delivery, crm.secret(), "{\"outcome\":\"deleted\"}");
    }

    private void withoutStandby() {
        TestPostgres.execute(
                postgres.address(), "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (s1)'");
        reload();
    }

    private void withStandby() {
        TestPostgres.execute(postgres.address(), "ALTER SYSTEM SET synchronous_standby_names = ''");
        reload();
    }

    private void reload() {
        TestPostgres.execute(postgres.address(), "SELECT pg_reload_conf()");
    }

    private void restart() {
        postgres.crash();
        postgres.start();
    }
}
