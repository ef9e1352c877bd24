package net.cartback.deletion.answer;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/** Bytes that are compressed: gzip (RFC 1952) or zlib (RFC 1950). */
final class Compressed {

    private static final int MAX_BYTES = 64 * 1024;

    private Compressed() {}

    /** Unpacked, if it is packed and as far as that goes. */
    static List<byte[]> unpacked(byte[] bytes) {
        if (isGzip(bytes)) {
            return beginning(() -> new GZIPInputStream(new ByteArrayInputStream(bytes)));
        }
        return isZlib(bytes)
                ? beginning(() -> new InflaterInputStream(new ByteArrayInputStream(bytes)))
                : List.of();
    }

    /** Whether the bytes begin as compressed ones do. */
    static boolean is(byte[] bytes) {
        return isGzip(bytes) || isZlib(bytes);
    }

    private static boolean isGzip(byte[] bytes) {
        return bytes.length > 2 && bytes[0] == 0x1F && bytes[1] == (byte) 0x8B;
    }

    /** RFC 1950: deflate, and a header that 31 divides. */
    private static boolean isZlib(byte[] bytes) {
        return bytes.length > 2
                && (bytes[0] & 0x0F) == 8
                && (((bytes[0] & 0xFF) << 8) | (bytes[1] & 0xFF)) % 31 == 0;
    }

    private interface Packed {
        InputStream open() throws IOException;
    }

    private static List<byte[]> beginning(Packed packed) {
        var unpacked = new byte[MAX_BYTES];
        int length = 0;
        try (var in = packed.open()) {
            for (int read = 0; read >= 0 && length < MAX_BYTES; ) {
                length += read;
                read = in.read(unpacked, length, MAX_BYTES - length);
            }
        } catch (IOException e) {
            // What came before is all there is to see.
        }
        return List.of(Arrays.copyOf(unpacked, length));
    }
}
