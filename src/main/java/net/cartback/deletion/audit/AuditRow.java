package net.cartback.deletion.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.Digest;

import java.nio.ByteBuffer;

/**
 * A row of the trail as the chain knows it: its id and the digest of all it says.
 *
 * <p>Canonical encoding, version 1: {@code deletion-relay audit row 1}, and then the columns in the
 * order of {@link #COLUMNS}, each after a tab, as PostgreSQL's COPY writes them as text: {@code \N}
 * for NULL; the time in UTC, as {@code 2026-11-23 10:00:00.123456}. SHA-256 of that, in UTF-8.
 *
 * @param hash 32 bytes
 */
@SuppressWarnings("ArrayRecordComponent")
record AuditRow(long id, byte[] hash) {

    /** What is encoded of a row, as SQL. */
    static final String COLUMNS =
            """
            id, at AT TIME ZONE 'UTC', actor, event, app_id, system_id,
            request_id, delivery_id, detail, deliveries\
            """;

    private static final byte[] VERSION = "deletion-relay audit row 1\t".getBytes(UTF_8);

    /** Reads what COPY wrote: the columns, and a line feed. */
    static AuditRow read(byte[] line) {
        long id = 0;
        for (int i = 0; line[i] != '\t'; i++) {
            id = id * 10 + line[i] - '0';
        }
        int length = line.length - 1;
        return new AuditRow(
                id,
                Digest.sha256(
                        ByteBuffer.allocate(VERSION.length + length)
                                .put(VERSION)
                                .put(line, 0, length)
                                .array()));
    }
}
