package net.cartback.deletion.brand;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A PNG file with the chunks that draw, and no other (W3C, Portable Network Graphics).
 *
 * @param leftOut the types of the chunks that are not in it, but for notes
 */
record PngLogo(byte[] content, List<String> leftOut) {

    private static final int SIGNATURE = 8;
    private static final int MAX_SIDE = 2_048;

    /** What a program writes beside a picture: nobody misses it. */
    private static final Set<String> NOTES = Set.of("tEXt", "zTXt", "iTXt", "tIME");

    /** The bits that a sample may have, by the colour type. */
    private static final Map<Integer, Set<Integer>> DEPTHS =
            Map.of(
                    0, Set.of(1, 2, 4, 8, 16),
                    2, Set.of(8, 16),
                    3, Set.of(1, 2, 4, 8),
                    4, Set.of(8, 16),
                    6, Set.of(8, 16));

    /** How many samples a pixel has, by the colour type. */
    private static final Map<Integer, Integer> SAMPLES = Map.of(0, 1, 2, 3, 3, 1, 4, 2, 6, 4);

    /** Where each pass of an interlaced picture begins, and its steps: x, y, across, down. */
    private static final int[][] ADAM_7 = {
        {0, 0, 8, 8},
        {4, 0, 8, 8},
        {0, 4, 4, 8},
        {2, 0, 4, 4},
        {0, 2, 2, 4},
        {1, 0, 2, 2},
        {0, 1, 1, 2}
    };

    private static final int[][] ONE_PASS = {{0, 0, 1, 1}};

    /**
     * The same picture, without texts, times, profiles, and whatever follows its end.
     *
     * @throws IllegalArgumentException with a sentence, if it is broken or too large
     */
    static PngLogo of(byte[] file) {
        return new Reading(file).whole();
    }

    /** A chunk: its type, and where it begins and ends in the file. */
    private record Chunk(String type, int begin, int length) {

        int contentBegin() {
            return begin + 8;
        }
    }

    /** Reads one file, chunk by chunk. */
    private static final class Reading {

        private final byte[] file;
        private final ByteBuffer from;
        private final ByteArrayOutputStream kept;
        private final ByteArrayOutputStream pixels = new ByteArrayOutputStream();
        private final Set<String> leftOut = new TreeSet<>();
        private int width;
        private int height;
        private int depth;
        private int colours;
        private boolean isInterlaced;
        private int palette;
        private String before = "";

        Reading(byte[] file) {
            this.file = file;
            this.from = ByteBuffer.wrap(file, SIGNATURE, file.length - SIGNATURE);
            this.kept = new ByteArrayOutputStream(file.length);
            kept.write(file, 0, SIGNATURE);
        }

        PngLogo whole() {
            header(next());
            for (var type = ""; !type.equals("IEND"); before = type) {
                var chunk = next();
                type = chunk.type();
                if (isDrawn(chunk)) {
                    kept.write(file, chunk.begin(), chunk.length() + 12);
                } else if (!NOTES.contains(type)) {
                    leftOut.add(type);
                }
            }
            require(colours != 3 || palette > 0);
            inflate();
            return new PngLogo(kept.toByteArray(), List.copyOf(leftOut));
        }

        /** Whether a chunk decides what is seen; then it must be as the recommendation says. */
        private boolean isDrawn(Chunk chunk) {
            int length = chunk.length();
            switch (chunk.type()) {
                case "IDAT" -> {
                    require(pixels.size() == 0 || before.equals("IDAT"));
                    pixels.write(file, chunk.contentBegin(), length);
                }
                case "PLTE" -> {
                    palette = length / 3;
                    require(length % 3 == 0 && palette > 0 && palette <= 1 << Math.min(8, depth));
                    require(pixels.size() == 0 && colours != 0 && colours != 4);
                }
                case "tRNS" -> {
                    require(pixels.size() == 0);
                    require(
                            switch (colours) {
                                case 0 -> length == 2;
                                case 2 -> length == 6;
                                case 3 -> length > 0 && length <= palette;
                                default -> false;
                            });
                }
                case "sRGB" -> require(length == 1 && pixels.size() == 0);
                case "gAMA" -> require(length == 4 && pixels.size() == 0);
                case "cHRM" -> require(length == 32 && pixels.size() == 0);
                case "IEND" -> require(length == 0 && pixels.size() > 0);
                default -> {
                    // A capital says that nothing can be drawn without it.
                    require(Character.isLowerCase(chunk.type().charAt(0)));
                    return false;
                }
            }
            return true;
        }

        private void header(Chunk chunk) {
            require(chunk.type().equals("IHDR") && chunk.length() == 13);
            var header = ByteBuffer.wrap(file, chunk.contentBegin(), 13);
            width = header.getInt();
            height = header.getInt();
            depth = header.get();
            colours = header.get();
            require(DEPTHS.getOrDefault(colours, Set.of()).contains(depth));
            // How it is compressed, and filtered: there is one way of each.
            require(header.getShort() == 0);
            int interlace = header.get();
            require(interlace == 0 || interlace == 1);
            isInterlaced = interlace == 1;
            if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) {
                throw new IllegalArgumentException(
                        "is a PNG of %d x %d pixels; each side must be from 1 to %d"
                                .formatted(width, height, MAX_SIDE));
            }
            kept.write(file, chunk.begin(), chunk.length() + 12);
        }

        /** The next chunk, whose checksum is right. */
        private Chunk next() {
            int begin = from.position();
            require(from.remaining() >= 12);
            int length = from.getInt();
            require(length >= 0 && length <= from.remaining() - 8);
            var checked = new byte[4 + length];
            from.get(checked);
            var sum = new CRC32();
            sum.update(checked);
            require((int) sum.getValue() == from.getInt());
            return new Chunk(new String(checked, 0, 4, StandardCharsets.US_ASCII), begin, length);
        }

        /** The pixels are all there, and nothing is behind them. */
        private void inflate() {
            var inflater = new Inflater();
            try {
                inflater.setInput(pixels.toByteArray());
                var some = new byte[8_192];
                long left = size();
                while (!inflater.finished()) {
                    int more = inflater.inflate(some);
                    left -= more;
                    require((more > 0 || inflater.finished()) && left >= 0);
                }
                require(left == 0 && inflater.getRemaining() == 0);
            } catch (DataFormatException e) {
                require(false);
            } finally {
                inflater.end();
            }
        }

        /** In bytes, with one for the filter of each line. */
        private long size() {
            long bits = (long) depth * SAMPLES.getOrDefault(colours, 1);
            long all = 0;
            for (var pass : isInterlaced ? ADAM_7 : ONE_PASS) {
                int across = (width - pass[0] + pass[2] - 1) / pass[2];
                int down = (height - pass[1] + pass[3] - 1) / pass[3];
                all += across <= 0 || down <= 0 ? 0 : down * (1L + (across * bits + 7) / 8);
            }
            return all;
        }

        private static void require(boolean holds) {
            if (!holds) {
                throw new IllegalArgumentException("is a PNG that is broken");
            }
        }
    }
}
