package net.cartback.deletion.audit;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.fixtures.GoldenKeyring;

import org.junit.jupiter.api.Test;

import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

/** Outsiders verify the trail by these formats, years from now: they must never change. */
class AuditFormatTest {

    private static final HexFormat HEX = HexFormat.of();

    /** As COPY writes them. */
    private static final String ROW =
            "82000000000001\t2026-11-23 10:00:00.123456\tmeta\trequest.recorded\t1234567890\t\\N\t"
                    + "0190f000-0000-7000-8000-000000000001\t\\N\t\\N\t\\N\n";

    private static final String SECOND_ROW =
            "82000000000002\t2026-11-23 10:00:01\toperator:caf\u00E9\toperator.pause\t\\N\tcrm\t\\N"
                    + "\t\\N\ta\\tb\t7\n";

    private static final String BLOCK =
            "09e7699025468b903f2323d85578871c5dc678b9f0e4a0bc9b4e01281d96a3e5";
    private static final String SECOND_BLOCK =
            "f3457aeb270aa0b37d75d1b7984fe83e366f5675e51b54ad704c9fab84c5c6f0";

    private static final String HEAD =
            "eyJraWQiOiJzaWduaW5nLWciLCJ0eXAiOiJhdWRpdC1oZWFkK2pzb24iLCJhbGciOiJFZERTQSJ9"
                + ".eyJibG9jayI6MiwiaGFzaCI6ImYzNDU3YWViMjcwYWEwYjM3ZDc1ZDFiNzk4NGZlODNlMzY2ZjU2NzVlNTFiNTRhZDcwNGM5ZmFiODRjNWM2ZjAiLCJsYXN0X2lkIjo4MjAwMDAwMDAwMDAwMiwiYXQiOiIyMDI2LTExLTIzVDExOjAwOjAwWiJ9"
                + ".zggjkSjLUwfqeruQUf6-Vv0ckdTPju4Vhp1_GX14c2r_GzRiNNyZdMq9xGHg-WYLYJjPCmesNOBjHPCPBch6BQ";

    @Test
    void a_row_has_the_same_digest_for_ever() {
        assertThat(AuditRow.COLUMNS.replaceAll("\\s+", " "))
                .isEqualTo(
                        "id, at AT TIME ZONE 'UTC', actor, event, app_id, system_id, request_id,"
                                + " delivery_id, detail, deliveries");
        assertThat(row(ROW).id()).isEqualTo(82_000_000_000_001L);
        assertThat(HEX.formatHex(row(ROW).hash()))
                .isEqualTo("f88eda15c96ef707be43ff000b6cefce303bb987204aebd3c91ddb71f00697af");
        assertThat(HEX.formatHex(row(SECOND_ROW).hash()))
                .isEqualTo("d18faeeae38b338242bcc8c3464bf01f2a952e94d7429147c6bc796a5aa13ca1");
    }

    @Test
    void a_block_has_the_same_hash_for_ever() {
        var first = Block.of(Block.End.NONE, List.of(row(ROW)));
        var second = Block.of(first.end(), List.of(row(SECOND_ROW)));

        assertThat(HEX.formatHex(first.hash())).isEqualTo(BLOCK);
        assertThat(HEX.formatHex(second.hash())).isEqualTo(SECOND_BLOCK);
    }

    @Test
    void a_head_is_signed_and_opened_in_the_same_form_for_ever() {
        var keyring = GoldenKeyring.load();
        var head =
                new Head(
                        2,
                        SECOND_BLOCK,
                        82_000_000_000_002L,
                        Instant.parse("2026-11-23T11:00:00Z"));

        assertThat(Head.open(keyring, Head.TYPE, HEAD)).contains(head);
        assertThat(head.signed(keyring, Head.TYPE)).isEqualTo(HEAD);
    }

    private static AuditRow row(String copied) {
        return AuditRow.read(copied.getBytes(UTF_8));
    }
}
