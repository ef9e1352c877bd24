package net.cartback.deletion.answer;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.Gzip;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.Charset;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;

class OutcomeSearchTest {

    private static final String REFUSED =
            "{\"outcome\":\"refused\",\"ground\":\"identity_not_established\"}";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[{\"outcome\":\"refused\"}]",
                "\"{\\\"outcome\\\":\\\"refused\\\"}\"",
                "{\"data\":{\"outcome\":\"refused\"}}",
                "{\"body\":\"{\\\"outcome\\\":\\\"refused\\\"}\"}",
                "{\"body\":\"eyJvdXRjb21lIjoicmVmdXNlZCJ9\"}",
                "{\"Outcome\":\"refused\"}",
                "{\"OUTCOME\":\"refused\"}",
                "{\"deletion_outcome\":\"kept\"}",
                "{\" outcome\":\"refused\"}",
                "{\"out\\u200Bcome\":\"refused\"}",
                "{\"ｏｕｔｃｏｍｅ\":\"refused\"}",
                "{\"result\":\"Refused\"}",
                "{\"result\":\"nothing found\"}",
                "{\"status\":\"RETAINED\"}",
                "{\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\"}]}",
                "{\"refused\":true}",
                ")]}',\n{\"outcome\":\"refused\"}",
                "while(1);{\"outcome\":\"refused\"}",
                "callback({\"outcome\":\"refused\"})",
                "data: {\"outcome\":\"refused\"}\n\n",
                "outcome=refused",
                "%6Futcome=refused",
                "%7B%22%6F%75%74%63ome%22%3A%22refused%22%7D",
                "<outcome>refused</outcome>",
                "<r>&#111;utcome: refused</r>",
                "<r>&#x6f;utcome: refused</r>",
                "outcome: refused",
                "OUTCOME;refused",
                "\\u006futcome refused",
                "out=\ncome refused",
                "refused",
                "Deleted",
                "nothing_found",
                "\"retained\"",
                "{\"outcome\":\"refused\"} trailing",
                "// a comment\n{\"outcome\":\"refused\"}",
                "--x\r\nContent-Disposition: form-data; name=\"outcome\"\r\n\r\nrefused\r\n--x--"
            })
    void whatever_speaks_of_an_outcome_in_another_form_is_unacceptable(String body) {
        assertThat(AnswerReading.of(body.getBytes(UTF_8)))
                .isInstanceOf(AnswerReading.Unacceptable.class);
    }

    @Test
    void so_is_an_answer_in_another_character_set_compressed_or_encoded() {
        for (var body :
                new byte[][] {
                    REFUSED.getBytes(UTF_16),
                    REFUSED.getBytes(UTF_16LE),
                    REFUSED.getBytes(UTF_16BE),
                    REFUSED.getBytes(Charset.forName("UTF-32")),
                    REFUSED.getBytes(Charset.forName("IBM1047")),
                    (REFUSED.substring(0, 20) + "\u00E9\"}").getBytes(ISO_8859_1),
                    Gzip.of(REFUSED),
                    zlib(REFUSED),
                    Gzip.of("[" + REFUSED + "]"),
                    base64(REFUSED),
                    base64("x" + REFUSED),
                    base64("xy" + REFUSED),
                    ("result " + new String(base64(REFUSED), UTF_8)).getBytes(UTF_8),
                    Base64.getMimeEncoder()
                            .encode((REFUSED + " ".repeat(99) + REFUSED).getBytes(UTF_8)),
                    Base64.getUrlEncoder().encode(REFUSED.getBytes(UTF_8)),
                    Base64.getEncoder().encode(base64(REFUSED)),
                    Base64.getEncoder().encode(Gzip.of(REFUSED)),
                    HexFormat.of().formatHex(REFUSED.getBytes(UTF_8)).getBytes(UTF_8),
                    HexFormat.of()
                            .withUpperCase()
                            .formatHex(REFUSED.getBytes(UTF_8))
                            .getBytes(UTF_8),
                    ("r=" + URLEncoder.encode(REFUSED, UTF_8)).getBytes(UTF_8),
                }) {
            assertThat(AnswerReading.of(body))
                    .as(new String(body, ISO_8859_1))
                    .isInstanceOf(AnswerReading.Unacceptable.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ok",
                "<html><title>Sign in</title><form action=\"/login\"></form></html>",
                "default backend - 404",
                "[]",
                "[1,2]",
                "null",
                "true",
                "12345678901234567890",
                "\"accepted\"",
                "\"ok\"",
                "deadbeefdeadbeefdeadbeef",
                "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="
            })
    void what_says_nothing_of_it_is_no_answer(String body) {
        assertThat(AnswerReading.of(body.getBytes(UTF_8)))
                .isInstanceOf(AnswerReading.NoAnswer.class);
    }

    @Test
    void a_page_in_an_old_character_set_is_no_answer() {
        assertThat(AnswerReading.of("<p>Zugang gesperrt für Sie</p>".getBytes(ISO_8859_1)))
                .isEqualTo(new AnswerReading.NoAnswer(false));
    }

    @Test
    void a_mark_of_the_byte_order_before_utf_8_is_passed_over() {
        assertThat(AnswerReading.of("\uFEFF{\"outcome\":\"deleted\"}".getBytes(UTF_8)))
                .isEqualTo(new AnswerReading.Read(Answer.DELETED));
    }

    @Test
    void a_packed_flood_is_looked_into_as_far_as_the_bound() {
        assertThat(AnswerReading.of(Gzip.of("x".repeat(50_000_000))))
                .isEqualTo(new AnswerReading.NoAnswer(false));
    }

    @Test
    void a_body_that_is_made_to_cost_much_costs_little() {
        // Each took a core for seconds or minutes, or would have.
        for (var hostile :
                List.of(
                        "\\".repeat(65_536),
                        "{\"a\":\"" + "\\\\".repeat(30_000) + "\"}",
                        "%".repeat(65_536),
                        "A".repeat(65_536),
                        "&#".repeat(32_000))) {
            assertThat(AnswerReading.of(hostile.getBytes(UTF_8))).isNotNull();
        }
        var packed = new String(Base64.getEncoder().encode(Gzip.of("\0".repeat(64_000))), UTF_8);
        var twice = new String(Base64.getEncoder().encode(Gzip.of(packed.repeat(400))), UTF_8);
        assertThat(AnswerReading.of((twice + " ").repeat(100).getBytes(UTF_8)))
                .as("what cannot be looked through is not taken for silence")
                .isInstanceOf(AnswerReading.Unacceptable.class);
    }

    private static byte[] base64(String text) {
        return Base64.getEncoder().encode(text.getBytes(UTF_8));
    }

    private static byte[] zlib(String text) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DeflaterOutputStream(bytes)) {
            out.write(text.getBytes(UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * Whoever answers so wants a processor for itself: it took minutes, and seconds for a few KB.
     */
    @Test
    @Timeout(180)
    void marks_without_end_and_packets_in_packets_cost_little() throws IOException {
        var marks = "\u0315".repeat(300_000) + "\u0300".repeat(300_000);
        assertThat(OutcomeSearch.finds(marks.getBytes(UTF_8))).isTrue();

        var packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(marks.substring(270_000, 330_000).getBytes(UTF_8));
        }
        var text = Base64.getEncoder().encodeToString(packed.toByteArray());
        var list = String.join(",", Collections.nCopies(200, text)).getBytes(UTF_8);
        for (int i = 0; i < 20; i++) {
            assertThat(OutcomeSearch.finds(list)).isTrue();
        }
    }

    /** The budget is for what is hostile: a page that is large, with a picture in it, is none. */
    @Test
    void an_honest_page_as_large_as_may_be_is_searched_to_its_end() {
        var picture = new byte[30_000];
        new Random(7).nextBytes(picture);
        var page =
                "<html><body>"
                        + "<p>Grüße, ½ Preis – 日本語 &amp; mehr</p>".repeat(250)
                        + "<img src=\"data:image/png;base64,"
                        + Base64.getEncoder().encodeToString(picture)
                        + "\"></body></html>";

        assertThat(page.getBytes(UTF_8).length).isBetween(50_000, 65_536);
        assertThat(OutcomeSearch.finds(page.getBytes(UTF_8))).isFalse();
        assertThat(OutcomeSearch.finds((page + "{\"outcome\":\"refused\"}").getBytes(UTF_8)))
                .isTrue();
    }
}
