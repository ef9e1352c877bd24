package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.Http;
import net.cartback.deletion.fixtures.MissingStandby;
import net.cartback.deletion.fixtures.OwnPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RequestBatcher;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.Migrations;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
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
        MissingStandby.expect(postgres.address());
        assertThat(bothAt(signed, delivery)).containsOnly(503);
        restart();
        // They are there, and would be gone after a failover.
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(2);
        assertThat(relay.count("SELECT count(*) FROM receipt")).isOne();

        assertThat(bothAt(signed, delivery)).containsOnly(503);

        MissingStandby.forget(postgres.address());
        var reply = relay.callback(signed);
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(Http.json(reply).get("confirmation_code").textValue()).hasSize(26);
        assertThat(answer(delivery).statusCode()).isEqualTo(204);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(2);
    }

    @Test
    void who_cancels_the_wait_for_a_standby_makes_no_answer_of_it() throws Exception {
        MissingStandby.expect(postgres.address());
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var callback = threads.submit(() -> relay.callback(relay.signedRequest("3")));
            await().atMost(PATIENCE)
                    .until(
                            () -> {
                                MissingStandby.cancelWaits(postgres.address());
                                return callback.isDone();
                            });
            assertThat(callback.get().statusCode()).isEqualTo(503);
        }
    }

    @Test
    void who_waits_for_a_standby_is_told_so_at_the_limit_and_recorded_when_it_comes() {
        MissingStandby.expect(postgres.address());
        try (var recorder =
                new RequestBatcher(
                        relay.recordings(), 64, Duration.ofMillis(50), new SimpleMeterRegistry())) {
            assertThatThrownBy(() -> recorder.record(wish()))
                    .isInstanceOf(DatabaseUnavailable.class)
                    .hasRootCauseMessage("No answer within PT0.05S");
            MissingStandby.forget(postgres.address());
            await().atMost(PATIENCE)
                    .until(() -> relay.count("SELECT count(*) FROM deletion_request") == 1);
        }
    }

    private static NewRequest wish() {
        return new NewRequest(
                Kind.DELETION,
                new Origin.MetaCallback(
                        new MetaAppId(TestRelay.APP_ID), Platform.FACEBOOK, new UUID(0, 0), null),
                new MetaUser("1001", IdType.APP_SCOPED_USER_ID));
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

    private void restart() {
        postgres.crash();
        postgres.start();
    }
}
