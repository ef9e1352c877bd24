package net.cartback.deletion.brand;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** A PNG file with the chunks that draw, and no other (W3C, Portable Network Graphics). */
final class PngLogo {

    private static final int SIGNATURE = 8;
    private static final int MAX_SIDE = 4_096;
    private static final int MAX_PIXELS_BYTES = 64 << 20;

    /** Chunks that decide what is seen. */
    private static final Set<String> DRAWN =
            Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND", "sRGB", "gAMA", "cHRM");

    private PngLogo() {}

    /**
     * The same picture, without texts, times, profiles, and whatever follows its end.
     *
     * @throws IllegalArgumentException with a sentence, if it is broken or too large
     */
    static byte[] of(byte[] file) {
        var from = ByteBuffer.wrap(file, SIGNATURE, file.length - SIGNATURE);
        var kept = new ByteArrayOutputStream(file.length);
        var pixels = new ByteArrayOutputStream();
        kept.write(file, 0, SIGNATURE);
        String type = "";
        for (boolean first = true; !type.equals("IEND"); first = false) {
            int begin = from.position();
            type = chunk(from);
            int length = from.position() - begin;
            if (first) {
                checkSize(type, file, begin);
            }
            if (type.equals("IDAT")) {
                pixels.write(file, begin + 8, length - 12);
            }
            if (DRAWN.contains(type)) {
                kept.write(file, begin, length);
            } else if (Character.isUpperCase(type.charAt(0))) {
                throw new IllegalArgumentException("is a PNG with a chunk that nobody knows");
            }
        }
        inflate(pixels.toByteArray());
        return kept.toByteArray();
    }

    /** Passes over a chunk whose checksum is right; its type. */
    private static String chunk(ByteBuffer from) {
        if (from.remaining() < 12) {
            throw broken();
        }
        int length = from.getInt();
        if (length < 0 || length > from.remaining() - 8) {
            throw broken();
        }
        var checked = new byte[4 + length];
        from.get(checked);
        var sum = new CRC32();
        sum.update(checked);
        if ((int) sum.getValue() != from.getInt()) {
            throw broken();
        }
        return new String(checked, 0, 4, StandardCharsets.US_ASCII);
    }

    private static void checkSize(String type, byte[] file, int begin) {
        if (!type.equals("IHDR")) {
            throw broken();
        }
        var header = ByteBuffer.wrap(file, begin + 8, 8);
        int width = header.getInt();
        int height = header.getInt();
        if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
            throw new IllegalArgumentException(
                    "is a PNG of %d x %d pixels; each side must be from 1 to %d"
                            .formatted(width, height, MAX_SIDE));
        }
    }

    /** A picture that no browser could show is no logo; nor is one that fills its memory. */
    private static void inflate(byte[] pixels) {
        var inflater = new Inflater();
        try {
            inflater.setInput(pixels);
            var some = new byte[8_192];
            for (int all = 0; !inflater.finished(); ) {
                int more = inflater.inflate(some);
                all += more;
                if (more == 0 || all > MAX_PIXELS_BYTES) {
                    throw broken();
                }
            }
        } catch (DataFormatException e) {
            throw broken();
        } finally {
            inflater.end();
        }
    }

    private static IllegalArgumentException broken() {
        return new IllegalArgumentException("is a PNG that is broken");
    }
}
