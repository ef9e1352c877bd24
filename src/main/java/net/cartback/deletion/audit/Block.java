package net.cartback.deletion.audit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import net.cartback.deletion.crypto.Digest;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A link of the chain: rows that follow those of the block before, by their digests.
 *
 * <p>Canonical encoding, version 1, all of it ASCII: the lines {@code deletion-relay audit block
 * 1}, its number, the hash of the block before in hexadecimal; then for each row a line with its
 * id, a blank and its digest in hexadecimal. Each line ends with a line feed. The hash is the
 * SHA-256 of that.
 *
 * @param number from 1, without a gap
 * @param ids of its rows, ascending; at least one
 * @param rowHashes the digests of its rows, 32 bytes each
 * @param previousHash of the block before; 32 zeros before the first
 * @param hash what is kept as its hash: 32 bytes
 */
@SuppressWarnings("ArrayRecordComponent")
record Block(long number, long[] ids, byte[] rowHashes, byte[] previousHash, byte[] hash) {

    static final int HASH_BYTES = 32;
    static final byte[] BEGINNING = new byte[HASH_BYTES];

    private static final HexFormat HEX = HexFormat.of();

    /** The end of a block: all that the next one needs to know of it. */
    record End(long number, long lastId, byte[] hash) {

        /** Before the first block. */
        static final End NONE = new End(0, 0, BEGINNING);
    }

    /** The block of these rows after that one. */
    static Block of(End previous, List<AuditRow> rows) {
        var ids = rows.stream().mapToLong(AuditRow::id).toArray();
        var hashes = new byte[rows.size() * HASH_BYTES];
        for (int i = 0; i < rows.size(); i++) {
            System.arraycopy(rows.get(i).hash(), 0, hashes, i * HASH_BYTES, HASH_BYTES);
        }
        long number = previous.number() + 1;
        return new Block(
                number, ids, hashes, previous.hash(), hash(number, ids, hashes, previous.hash()));
    }

    long lastId() {
        return ids[ids.length - 1];
    }

    /** The end of the block before, as far as this one tells. */
    End before() {
        return new End(number - 1, ids[0] - 1, previousHash);
    }

    End end() {
        return new End(number, lastId(), hash);
    }

    /** The digest of its row at this index of {@link #ids}; null: it says too little. */
    byte @Nullable [] rowHash(int index) {
        int from = index * HASH_BYTES;
        return from + HASH_BYTES > rowHashes.length
                ? null
                : Arrays.copyOfRange(rowHashes, from, from + HASH_BYTES);
    }

    /** Whether its hash is that of what it says. */
    boolean isWhole() {
        return rowHashes.length == ids.length * HASH_BYTES
                && Arrays.equals(hash, hash(number, ids, rowHashes, previousHash));
    }

    private static byte[] hash(long number, long[] ids, byte[] rowHashes, byte[] previousHash) {
        var text =
                new StringBuilder(ids.length * 84 + 128)
                        .append("deletion-relay audit block 1\n")
                        .append(number)
                        .append('\n')
                        .append(HEX.formatHex(previousHash))
                        .append('\n');
        for (int i = 0; i < ids.length; i++) {
            text.append(ids[i])
                    .append(' ')
                    .append(HEX.formatHex(rowHashes, i * HASH_BYTES, (i + 1) * HASH_BYTES))
                    .append('\n');
        }
        return Digest.sha256(text.toString().getBytes(US_ASCII));
    }
}
