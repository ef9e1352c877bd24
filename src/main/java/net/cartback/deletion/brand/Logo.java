package net.cartback.deletion.brand;

import net.cartback.deletion.crypto.Digest;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A picture that is safe to serve: written anew, with nothing in it but what is drawn. Its address
 * holds a digest of its content, so that a copy of it may be kept for good.
 */
public final class Logo {

    /** A larger file slows down each page. */
    static final int MAX_BYTES = 256 * 1024;

    static final String TOO_LARGE = "must be at most 256 KiB";

    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

    private final byte[] content;
    private final String contentType;
    private final String path;
    private final List<String> leftOut;

    private Logo(byte[] content, String contentType, String extension, List<String> leftOut) {
        this.content = content;
        this.contentType = contentType;
        this.leftOut = List.copyOf(leftOut);
        var digest = HexFormat.of().formatHex(Digest.sha256(content), 0, 8);
        this.path = "/logo/" + digest + "." + extension;
    }

    /**
     * Reads an SVG or a PNG file.
     *
     * @throws IllegalArgumentException with a sentence, if it is neither, or too large, or broken
     */
    static Logo of(byte[] file) {
        if (file.length > MAX_BYTES) {
            throw new IllegalArgumentException(TOO_LARGE);
        }
        if (Arrays.equals(PNG, 0, PNG.length, file, 0, Math.min(PNG.length, file.length))) {
            var png = PngLogo.of(file);
            return new Logo(png.content(), "image/png", "png", png.leftOut());
        }
        var svg = SvgLogo.of(file);
        if (svg.content().length > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "must be at most 256 KiB when its signs are written out");
        }
        return new Logo(svg.content(), "image/svg+xml", "svg", svg.leftOut());
    }

    /** The bytes that are served. */
    public byte[] content() {
        return content.clone();
    }

    /** {@code image/svg+xml} or {@code image/png}. */
    public String contentType() {
        return contentType;
    }

    /** Where it is served. */
    public String path() {
        return path;
    }

    /** What was in the file and is not served, by its name. */
    public List<String> leftOut() {
        return leftOut;
    }
}
