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
    void a_repeat_is_not_answered_before_the_standby_has_the_first() {
        var signed = relay.signedRequest("1");
        withoutStandby();
        assertThat(relay.callback(signed).statusCode()).isEqualTo(503);
        restart();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();

        assertThat(relay.callback(signed).statusCode()).isEqualTo(503);

        withStandby();
        var reply = relay.callback(signed);
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(Http.json(reply).get("confirmation_code").textValue()).hasSize(26);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
    }

    @Test
    void a_receipt_is_not_acknowledged_before_the_standby_has_it() {
        relay.metaAsksToDelete("1");
        relay.dispatchOnce();
        var delivery = crm.received().getFirst().webhookId();
        withoutStandby();
        assertThat(answer(delivery).statusCode()).isEqualTo(503);
        restart();

        assertThat(answer(delivery).statusCode()).isEqualTo(503);

        withStandby();
        assertThat(answer(delivery).statusCode()).isEqualTo(204);
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
