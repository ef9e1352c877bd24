package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.ObjectMapper;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Status pages and status JSON a second at 64 connections, of 1 000 requests in turn. */
final class Reads {

    private static final int CODES = 1_000;
    private static final int WARM = 60_000;
    private static final int MEASURED = 30_000;
    private static final int ROUNDS = 3;

    private Reads() {}

    static void run(Path directory, Postgres postgres, Results results) throws Exception {
        var db = postgres.create("status");
        try (var receiver = new Receiver(Receiver.Manner.ANSWERS);
                var relay =
                        new Relay(
                                directory,
                                db,
                                List.of(Relay.system("one", receiver.url())),
                                List.of(),
                                Map.of());
                var connection = new Load.Connection(relay.port())) {
            var codes = new ArrayList<String>();
            for (int i = 0; i < CODES; i++) {
                var answer = connection.exchange(Load.callback(Load.newUser(), Instant.now()));
                codes.add(new ObjectMapper().readTree(answer).get("confirmation_code").textValue());
            }
            Load.run(relay.port(), 64, requests(codes, "text/html", WARM));
            Load.run(relay.port(), 64, requests(codes, "application/json", WARM));
            var pages = new ArrayList<Double>();
            var json = new ArrayList<Double>();
            for (int round = 0; round < ROUNDS; round++) {
                var page = Load.run(relay.port(), 64, requests(codes, "text/html", MEASURED));
                var text =
                        Load.run(relay.port(), 64, requests(codes, "application/json", MEASURED));
                Results.say(
                        "pages %.0f/s (p99 %.1f ms), JSON %.0f/s (p99 %.1f ms)"
                                .formatted(
                                        page.perSecond(),
                                        page.p99Ms(),
                                        text.perSecond(),
                                        text.p99Ms()));
                pages.add(page.perSecond());
                json.add(text.perSecond());
            }
            results.put("status", "pages_per_s", Load.median(pages));
            results.put("status", "json_per_s", Load.median(json));
        }
    }

    private static byte[][] requests(List<String> codes, String accept, int count) {
        var requests = new byte[count][];
        for (int i = 0; i < count; i++) {
            requests[i] =
                    ("GET /status/"
                                    + codes.get(i % codes.size())
                                    + " HTTP/1.1\r\nHost: localhost\r\nAccept: "
                                    + accept
                                    + "\r\n\r\n")
                            .getBytes(US_ASCII);
        }
        return requests;
    }
}
