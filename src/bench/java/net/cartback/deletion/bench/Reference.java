package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.task.helper.OneTimeTask;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.crypto.WebhookSecret;

import okhttp3.ConnectionPool;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the fan-out is compared with, each in a process of its own that makes a round when it is
 * told to: a raw loop of the same HTTP client without signatures and without a database (the
 * ceiling), and db-scheduler, polling with lock-and-fetch, whose tasks sign and post as the relay
 * does.
 *
 * <p>Arguments: {@code ceiling} or {@code db-scheduler}, the JDBC address, the receivers' URLs.
 * Each line on stdin is a number of calls to make; the answer is the seconds that took.
 */
public final class Reference {

    private static final int CEILING_THREADS = 256;
    private static final int SCHEDULER_THREADS = 64;
    private static final MediaType JSON = MediaType.get("application/json");
    private static final byte[] BODY =
            ("{\"type\":\"deletion.requested\",\"data\":\"" + "x".repeat(560) + "\"}")
                    .getBytes(UTF_8);
    private static final WebhookSecret SECRET =
            WebhookSecret.parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    private static final String TABLE =
            """
            CREATE TABLE scheduled_tasks (
                task_name text NOT NULL, task_instance text NOT NULL, task_data bytea,
                execution_time timestamptz NOT NULL, picked boolean NOT NULL, picked_by text,
                last_success timestamptz, last_failure timestamptz, consecutive_failures int,
                last_heartbeat timestamptz, version bigint NOT NULL, priority smallint,
                PRIMARY KEY (task_name, task_instance));
            CREATE INDEX execution_time_idx ON scheduled_tasks (execution_time);
            CREATE INDEX last_heartbeat_idx ON scheduled_tasks (last_heartbeat);
            CREATE INDEX priority_execution_time_idx
                ON scheduled_tasks (priority DESC, execution_time ASC);
            CREATE TABLE result (id int PRIMARY KEY, at timestamptz NOT NULL, answer text NOT NULL)
            """;

    private final String jdbcUrl;
    private final List<String> urls;
    private final OkHttpClient client;
    private final Keyring keyring;

    private Reference(String jdbcUrl, List<String> urls) {
        this.jdbcUrl = jdbcUrl;
        this.urls = urls;
        client =
                new OkHttpClient.Builder()
                        .retryOnConnectionFailure(false)
                        .connectionPool(new ConnectionPool(CEILING_THREADS, 30, TimeUnit.SECONDS))
                        .build();
        var random = new SecureRandom();
        keyring =
                Keyring.parse(
                        new KeyMaker(random).generate(Instant.now().minusSeconds(60)),
                        InstantSource.system(),
                        random);
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        var reference =
                new Reference(arguments[1], List.of(arguments).subList(2, arguments.length));
        boolean ceiling = arguments[0].equals("ceiling");
        try (var in = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
            for (var line = in.readLine(); line != null; line = in.readLine()) {
                int calls = Integer.parseInt(line);
                System.out.println(
                        "seconds " + (ceiling ? reference.loop(calls) : reference.schedule(calls)));
            }
        }
    }

    private double loop(int calls) throws InterruptedException, ExecutionException {
        var next = new AtomicInteger();
        long start = System.nanoTime();
        Callable<Void> one =
                () -> {
                    for (int n = next.getAndIncrement(); n < calls; n = next.getAndIncrement()) {
                        var _ = post(n, new Request.Builder());
                    }
                    return null;
                };
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var done : threads.invokeAll(Collections.nCopies(CEILING_THREADS, one))) {
                done.get();
            }
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private double schedule(int calls) throws Exception {
        var config = new HikariConfig();
        config.setJdbcUrl(jdbcUrl);
        config.setUsername("postgres");
        config.setMaximumPoolSize(20);
        try (var source = new HikariDataSource(config)) {
            try (var connection = source.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("DROP TABLE IF EXISTS scheduled_tasks, result");
                statement.execute(TABLE);
                statement.execute(
                        "INSERT INTO scheduled_tasks (task_name, task_instance, execution_time,"
                                + " picked, version, priority) SELECT 'deliver', n::text, now(),"
                                + " false, 1, 0 FROM generate_series(1, "
                                + calls
                                + ") AS n");
                statement.execute("VACUUM ANALYZE scheduled_tasks");
                statement.execute("CHECKPOINT");
            }
            var left = new CountDownLatch(calls);
            OneTimeTask<Void> deliver =
                    Tasks.oneTime("deliver")
                            .execute(
                                    (instance, context) -> {
                                        int n = Integer.parseInt(instance.getId());
                                        record(source, n, signed(n));
                                        left.countDown();
                                    });
            var scheduler =
                    Scheduler.create(source, deliver)
                            .threads(SCHEDULER_THREADS)
                            .pollingInterval(Duration.ofMillis(100))
                            .pollUsingLockAndFetch(1.0, 4.0)
                            .build();
            long start = System.nanoTime();
            scheduler.start();
            left.await();
            awaitEmpty(source);
            double seconds = (System.nanoTime() - start) / 1e9;
            scheduler.stop();
            return seconds;
        }
    }

    private static void awaitEmpty(HikariDataSource source) throws Exception {
        try (var connection = source.getConnection();
                var statement =
                        connection.prepareStatement("SELECT 1 FROM scheduled_tasks LIMIT 1")) {
            while (true) {
                try (var row = statement.executeQuery()) {
                    if (!row.next()) {
                        return;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
    }

    /** The result, durable before the task counts as done, as the relay's attempts are. */
    private static void record(HikariDataSource source, int n, String answer) {
        try (var connection = source.getConnection();
                var statement =
                        connection.prepareStatement(
                                "INSERT INTO result (id, at, answer) VALUES (?, now(), ?)")) {
            statement.setInt(1, n);
            statement.setString(2, answer);
            statement.execute();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private String signed(int n) {
        var now = Instant.now();
        var id = "delivery-" + n;
        var request =
                new Request.Builder()
                        .header("webhook-id", id)
                        .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
                        .header(
                                "webhook-signature",
                                StandardWebhooks.sign(id, now, BODY, List.of(SECRET), keyring));
        try {
            return post(n, request);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private String post(int n, Request.Builder request) throws IOException {
        try (var response =
                client.newCall(
                                request.url(urls.get(n % urls.size()))
                                        .post(RequestBody.create(BODY, JSON))
                                        .build())
                        .execute()) {
            return response.body().string();
        }
    }
}
