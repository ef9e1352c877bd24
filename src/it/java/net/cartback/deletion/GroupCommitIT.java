package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.MissingStandby;
import net.cartback.deletion.fixtures.TestPostgres;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.recording.RequestBatcher;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Objects;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

class GroupCommitIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final Queue<Thread> asking = new ConcurrentLinkedQueue<>();
    private TestRelay relay;
    private FakeClientSystem crm;

    @BeforeEach
    void start() {
        crm = new FakeClientSystem("crm");
        relay = new TestRelay().register(crm).waitsForEver();
    }

    @AfterEach
    void stop() {
        callers.close();
        relay.close();
        crm.close();
    }

    @Test
    void requests_that_come_together_are_recorded_together_each_with_its_own_code()
            throws Exception {
        var recordings = new ArrayList<Future<RecordedRequest>>();
        try (var blocked = new Blocked("deletion_request")) {
            for (int i = 0; i < 500; i++) {
                recordings.add(record("user " + i, Instant.ofEpochSecond(1_700_000_000)));
            }
            await().atMost(PATIENCE).until(() -> blocked.waiting() == 2);
            awaitAsked(500);
        }
        var codes = recordings.stream().map(GroupCommitIT::code).collect(Collectors.toSet());

        assertThat(codes).hasSize(500);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(500);
        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(500);
        assertThat(relay.count("SELECT count(DISTINCT xmin::text) FROM deletion_request"))
                .as("transactions")
                .isLessThan(20);
    }

    @Test
    void the_same_request_many_times_in_one_batch_is_one_request() throws Exception {
        var recordings = new ArrayList<Future<RecordedRequest>>();
        try (var blocked = new Blocked("deletion_request")) {
            for (int i = 0; i < 200; i++) {
                recordings.add(
                        record(
                                "user " + i % 5,
                                i % 2 == 0 ? Instant.ofEpochSecond(1_700_000_000) : null));
            }
            await().atMost(PATIENCE).until(() -> blocked.waiting() == 2);
        }
        var codes = recordings.stream().map(GroupCommitIT::code).collect(Collectors.toSet());

        assertThat(codes).hasSize(10);
        assertThat(recordings.stream().filter(each -> created(each))).hasSize(10);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(10);
        assertThat(relay.count("SELECT count(*) FROM delivery")).isEqualTo(10);
    }

    @Test
    void one_that_cannot_be_recorded_does_not_take_the_others_with_it() throws Exception {
        var recordings = new ArrayList<Future<RecordedRequest>>();
        Future<RecordedRequest> unknownApp;
        try (var blocked = new Blocked("deletion_request")) {
            for (int i = 0; i < 10; i++) {
                recordings.add(record("user " + i, null));
            }
            unknownApp =
                    callers.submit(() -> relay.recorder().record(request("999", "user", null)));
            for (int i = 10; i < 20; i++) {
                recordings.add(record("user " + i, null));
            }
            await().atMost(PATIENCE).until(() -> blocked.waiting() > 0);
        }

        assertThat(recordings).allMatch(GroupCommitIT::created);
        assertThatThrownBy(unknownApp::get).isInstanceOf(ExecutionException.class);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(20);
    }

    @Test
    void more_than_can_wait_are_told_to_come_again() throws Exception {
        var recordings = new ArrayList<Future<RecordedRequest>>();
        try (var blocked = new Blocked("deletion_request")) {
            for (int i = 0; i < 100; i++) {
                recordings.add(record("user " + i, null));
            }
            // From now on nobody takes from the queue.
            await().atMost(PATIENCE).until(() -> blocked.waiting() == 2);
            for (int i = 100; i < 1_400; i++) {
                recordings.add(record("user " + i, null));
            }
            awaitAsked(1_400);
            var reply = relay.callback(relay.signedRequest("one more"));
            assertThat(reply.statusCode()).isEqualTo(503);
            assertThat(reply.headers().firstValue("Retry-After")).isPresent();
        }
        var overloaded =
                recordings.stream()
                        .filter(each -> failure(each) instanceof RequestBatcher.Overloaded)
                        .count();

        assertThat(overloaded).isBetween(1_400 - 1_024 - 130L, 1_400 - 1_024L);
        assertThat(recordings.stream().filter(each -> failure(each) == null))
                .hasSize((int) (1_400 - overloaded));
        assertThat(relay.count("SELECT count(*) FROM deletion_request"))
                .isEqualTo(1_400 - overloaded);
    }

    @Test
    void a_commit_whose_end_nobody_heard_is_looked_up_and_not_guessed() throws Exception {
        // A commit that waits for a standby that does not exist has happened, and does not say so.
        MissingStandby.expect(relay.address());
        Future<RecordedRequest> recording;
        try {
            recording = record("1", Instant.ofEpochSecond(1_700_000_000));
            await().atMost(PATIENCE)
                    .until(
                            () ->
                                    relay.count(
                                                    "SELECT count(pg_terminate_backend(pid)) FROM"
                                                            + " pg_stat_activity WHERE wait_event ="
                                                            + " 'SyncRep' AND datname ="
                                                            + " current_database()")
                                            > 0);
        } finally {
            MissingStandby.forget(relay.address());
        }
        // It is looked up, and told as soon as the standby would have it, and not before.
        assertThat(code(recording)).hasSize(26);
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(1);
        assertThat(relay.status(code(recording)).get("state").textValue()).isEqualTo("received");
    }

    @Test
    void a_connection_that_breaks_before_the_commit_costs_nothing() throws Exception {
        Future<RecordedRequest> recording;
        try (var blocked = new Blocked("deletion_request")) {
            recording = record("1", null);
            await().atMost(PATIENCE).until(() -> blocked.waiting() == 1);
            blocked.terminateWaiting();
            await().atMost(PATIENCE).until(() -> blocked.waiting() == 1);
        }

        assertThat(created(recording)).isTrue();
        assertThat(relay.count("SELECT count(*) FROM deletion_request")).isEqualTo(1);
    }

    private Future<RecordedRequest> record(String user, @Nullable Instant at) {
        Callable<RecordedRequest> call =
                () -> {
                    asking.add(Thread.currentThread());
                    return relay.recorder().record(request(TestRelay.APP_ID, user, at));
                };
        return callers.submit(call);
    }

    /** Until so many have asked: they wait, or were refused. */
    private void awaitAsked(int count) {
        await().atMost(PATIENCE)
                .until(
                        () ->
                                asking.size() == count
                                        && asking.stream().allMatch(GroupCommitIT::isAsked));
    }

    private static boolean isAsked(Thread caller) {
        return switch (caller.getState()) {
            case WAITING, TIMED_WAITING, TERMINATED -> true;
            default -> false;
        };
    }

    private static NewRequest request(String app, String user, @Nullable Instant at) {
        return new NewRequest(
                Kind.DELETION,
                new Origin.MetaCallback(new MetaAppId(app), Platform.FACEBOOK, new UUID(0, 0), at),
                new MetaUser(user, IdType.APP_SCOPED_USER_ID));
    }

    private static String code(Future<RecordedRequest> recording) {
        return Objects.requireNonNull(done(recording).code()).value();
    }

    private static boolean created(Future<RecordedRequest> recording) {
        return done(recording) instanceof RecordedRequest.Created;
    }

    private static RecordedRequest done(Future<RecordedRequest> recording) {
        try {
            return recording.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Throwable failure(Future<RecordedRequest> recording) {
        try {
            var _ = recording.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Holds a table so that nothing can be written to it. */
    private final class Blocked implements AutoCloseable {

        private final Connection connection;

        Blocked(String table) throws SQLException {
            connection = TestPostgres.connect(relay.address());
            connection.setAutoCommit(false);
            try (var statement = connection.createStatement()) {
                statement.execute("LOCK TABLE " + table + " IN EXCLUSIVE MODE");
            }
        }

        long waiting() {
            return relay.count(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND"
                            + " datname = current_database()");
        }

        void terminateWaiting() {
            relay.count(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
                            + " wait_event_type = 'Lock' AND datname = current_database()");
        }

        @Override
        public void close() throws SQLException {
            connection.rollback();
            connection.close();
        }
    }
}
