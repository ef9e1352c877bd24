package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.OwnPostgres;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RequestBatcher;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.terms.IdType;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.Subject;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A commit waits for a standby. A server that is started again shows what it had written while it
 * still waited; nobody is told so before the standby has it.
 */
class DurabilityIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

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

    @Test
    void who_cancels_the_wait_for_a_standby_makes_no_answer_of_it() throws Exception {
        withoutStandby();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var callback = threads.submit(() -> relay.callback(relay.signedRequest("3")));
            await().atMost(PATIENCE)
                    .until(
                            () -> {
                                cancelWaits();
                                return callback.isDone();
                            });
            assertThat(callback.get().statusCode()).isEqualTo(503);
        }
    }

    @Test
    void who_waits_for_a_standby_is_told_so_at_the_limit_and_recorded_when_it_comes() {
        withoutStandby();
        try (var recorder =
                new RequestBatcher(
                        relay.recordings(), 64, Duration.ofMillis(50), new SimpleMeterRegistry())) {
            assertThatThrownBy(() -> recorder.record(wish()))
                    .isInstanceOf(DatabaseUnavailable.class)
                    .hasRootCauseMessage("No answer within PT0.05S");
            withStandby();
        }
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isOne();
    }

    private static NewRequest wish() {
        return new NewRequest(
                Kind.DELETION,
                new Origin.MetaCallback(
                        new MetaAppId(TestRelay.APP_ID), Platform.FACEBOOK, new UUID(0, 0), null),
                new Subject("1001", IdType.APP_SCOPED_USER_ID));
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
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            await().atMost(PATIENCE).until(() -> waits(threads));
        }
    }

    /** Whether a commit waits for the standby by now: the server is told, and does it soon. */
    private boolean waits(ExecutorService threads) {
        var commit =
                threads.submit(
                        () -> TestPostgres.execute(postgres.address(), "SELECT lo_create(0)"));
        boolean waits = false;
        while (!commit.isDone()) {
            waits |= cancelWaits();
        }
        return waits;
    }

    /** Whether there were any. */
    private boolean cancelWaits() {
        return relay.count(
                        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE"
                                + " wait_event = 'SyncRep'")
                > 0;
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
