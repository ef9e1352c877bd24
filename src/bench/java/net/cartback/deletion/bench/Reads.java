package net.cartback.deletion.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.language.Language;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Status pages and status JSON a second at 64 connections, of 1 000 requests in turn, pages in all
 * languages in turn; how long one page takes for who asks alone, and the size of the largest.
 */
final class Reads {

    private static final int CODES = 1_000;
    private static final int WARM = 60_000;
    private static final int MEASURED = 30_000;
    private static final int ALONE = 5_000;
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
                                Map.of())) {
            var codes = codes(relay.port());
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
            var alone = Load.run(relay.port(), 1, requests(codes, "text/html", ALONE));
            int largest = largest(relay.port(), codes);
            Results.say(
                    "alone p50 %.2f ms, p99 %.2f ms; the largest page has %d bytes"
                            .formatted(alone.p50Ms(), alone.p99Ms(), largest));
            results.put("status", "page_alone_p50_ms", alone.p50Ms());
            results.put("status", "page_largest_bytes", (double) largest);
            results.put("status", "pages_per_s", Load.median(pages));
            results.put("status", "json_per_s", Load.median(json));
        }
    }

    private static List<String> codes(int port) throws IOException {
        var codes = new ArrayList<String>();
        try (var connection = new Load.Connection(port)) {
            for (int i = 0; i < CODES; i++) {
                var answer = connection.exchange(Load.callback(Load.newUser(), Instant.now()));
                codes.add(new ObjectMapper().readTree(answer).get("confirmation_code").textValue());
            }
        }
        return codes;
    }

    /** The bytes of the largest page in any language. */
    private static int largest(int port, List<String> codes) throws IOException {
        int largest = 0;
        // A connection that was kept through the load would have been idle for too long.
        try (var connection = new Load.Connection(port)) {
            for (var request : requests(codes, "text/html", Language.values().length)) {
                largest = Math.max(largest, connection.exchange(request).getBytes(UTF_8).length);
            }
        }
        return largest;
    }

    private static byte[][] requests(List<String> codes, String accept, int count) {
        var requests = new byte[count][];
        var languages = Language.values();
        for (int i = 0; i < count; i++) {
            requests[i] =
                    ("GET /status/"
                                    + codes.get(i % codes.size())
                                    + " HTTP/1.1\r\nHost: localhost\r\nAccept: "
                                    + accept
                                    + "\r\nAccept-Language: "
                                    + languages[i % languages.length].tag()
                                    + "\r\n\r\n")
                            .getBytes(US_ASCII);
        }
        return requests;
    }
}
