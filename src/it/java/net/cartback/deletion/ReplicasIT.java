package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.storage.Signals;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

class ReplicasIT {

    @Test
    void two_replicas_close_5000_deliveries_exactly_once_and_lose_none() {
        Map<String, AtomicInteger> received = new ConcurrentHashMap<>();
        var bothCall = new CountDownLatch(1);
        try (var counting =
                        HttpListener.start(
                                "127.0.0.1",
                                0,
                                () -> true,
                                List.of(
                                        routes ->
                                                routes.post(
                                                        "/x",
                                                        ctx -> {
                                                            received.computeIfAbsent(
                                                                            String.valueOf(
                                                                                    ctx.header(
                                                                                            "webhook-id")),
                                                                            id ->
                                                                                    new AtomicInteger())
                                                                    .incrementAndGet();
                                                            assertThat(
                                                                            bothCall.await(
                                                                                    1,
                                                                                    TimeUnit
                                                                                            .MINUTES))
                                                                    .isTrue();
                                                            ctx.result("{\"outcome\":\"deleted\"}");
                                                        })));
                var crm = new FakeClientSystem("crm");
                var relay = new TestRelay();
                var other = relay.replica()) {
            var url = "http://127.0.0.1:" + counting.port() + "/x";
            relay.register(
                    "systems: [{id: crm, name: crm, url: \"%s\", timeout: PT60S, max_in_flight: 1000, rate_per_minute: 1000000, secrets: [{value: %s}]}]\n"
                                    .formatted(url, crm.secret())
                            + TestRelay.app(List.of("crm")));
            insert(relay, 5000);

            // A replica whose calls do not end makes a few, so both have work for certain.
            for (var each : List.of(relay, other)) {
                each.dispatcher().start();
                await().atMost(Duration.ofMinutes(2))
                        .until(() -> !each.scrape().contains("relay_in_flight 0.0"));
            }
            bothCall.countDown();
            await().atMost(Duration.ofMinutes(2))
                    .until(
                            () ->
                                    relay.count(
                                                    "SELECT count(*) FROM delivery WHERE state <>"
                                                            + " 'closed'")
                                            == 0);

            assertThat(received).hasSize(5000);
            assertThat(received.values()).allMatch(times -> times.get() == 1);
            assertThat(relay.count("SELECT count(*) FROM receipt")).isEqualTo(5000);
            assertThat(relay.count("SELECT count(*) FROM attempt")).isEqualTo(5000);
            assertThat(
                            relay.count(
                                    "SELECT count(*) FROM deletion_request WHERE closed_at IS NULL"
                                            + " OR open_deliveries <> 0"))
                    .isZero();
            // They are counted once they are recorded.
            for (var each : List.of(relay, other)) {
                await().atMost(Duration.ofMinutes(2))
                        .until(() -> each.scrape().contains("reply=\"answered\""));
            }
        }
    }

    @Test
    void new_work_wakes_the_other_replica_and_a_lost_connection_does_not_deafen_it() {
        try (var relay = new TestRelay();
                var speaking = new Signals(relay.database());
                var hearing = new Signals(relay.database())) {
            var heard = new AtomicInteger();
            var echo = new AtomicInteger();
            hearing.on("relay_work", heard::incrementAndGet);
            speaking.on("relay_work", echo::incrementAndGet);
            hearing.start();
            speaking.start();
            // Called once after each connect, for what was missed.
            await().atMost(Duration.ofMinutes(2)).until(() -> heard.get() >= 1 && echo.get() >= 1);

            int before = heard.get();
            int own = echo.get();
            speaking.send("relay_work");
            await().atMost(Duration.ofMinutes(2)).until(() -> heard.get() > before);
            assertThat(echo).hasValue(own);

            int connected = heard.get();
            relay.count(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE"
                            + " 'LISTEN%' AND datname = current_database()");
            await().atMost(Duration.ofMinutes(2)).until(() -> heard.get() > connected);
            int again = heard.get();
            speaking.send("relay_work");
            await().atMost(Duration.ofMinutes(2)).until(() -> heard.get() > again);
        }
    }

    private static void insert(TestRelay relay, int requests) {
        for (int i = 1; i <= requests; i++) {
            relay.recordings()
                    .record(
                            new NewRequest(
                                    Kind.DELETION,
                                    new Origin.MetaCallback(
                                            new MetaAppId(TestRelay.APP_ID),
                                            Platform.FACEBOOK,
                                            new UUID(0, 0),
                                            null),
                                    new MetaUser("user " + i, IdType.APP_SCOPED_USER_ID)));
        }
    }
}
