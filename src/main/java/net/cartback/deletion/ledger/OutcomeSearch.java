package net.cartback.deletion.ledger;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/**
 * Looks for an outcome in what is no answer: wrapped, prefixed, escaped, encoded, compressed, in
 * another case or another character set. It reads nothing out of it; it only finds that somebody
 * speaks of one, so that what they say is not taken for silence.
 */
final class OutcomeSearch {

    private static final String WORD = "outcome";

    /** Outcomes that contradict an acknowledgement, where one of them is a whole value. */
    private static final Set<String> CONTRARY = Set.of("nothing_found", "retained", "refused");

    /** Names of fields by which an answer says more than that it was taken. */
    private static final Set<String> FIELDS =
            Set.of("nothing_found", "retained", "refused", "ground");

    /** How many encodings may lie upon one another. */
    private static final int MAX_LAYERS = 3;

    private static final int MAX_BYTES = 64 * 1024;

    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cf}\\x00]");
    private static final Pattern ESCAPE =
            Pattern.compile(
                    "\\\\+u\\{?([0-9A-Fa-f]{2,6})}?|\\\\+x([0-9A-Fa-f]{2})"
                            + "|%([0-9A-Fa-f]{2})|=([0-9A-F]{2})"
                            + "|&#[xX]0*([0-9A-Fa-f]{1,6});|&#0*([0-9]{1,7});|=\\r?\\n");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{8,}");
    private static final Pattern HEX = Pattern.compile("(?:[0-9A-Fa-f]{2}){7,}");

    private OutcomeSearch() {}

    /** In well-formed JSON: in a name, or in a text. */
    static boolean finds(JsonNode json) {
        if (json.isTextual()) {
            return isContrary(json.textValue())
                    || finds(json.textValue().getBytes(UTF_8), MAX_LAYERS);
        }
        for (var field : json.properties()) {
            if (FIELDS.contains(word(field.getKey()))
                    || finds(field.getKey(), MAX_LAYERS)
                    || finds(field.getValue())) {
                return true;
            }
        }
        if (json.isArray()) {
            for (var element : json) {
                if (finds(element)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** In any bytes. */
    static boolean finds(byte[] body) {
        var text = new String(body, UTF_8).strip();
        return isContrary(text) || text.equalsIgnoreCase("deleted") || finds(body, MAX_LAYERS);
    }

    private static boolean isContrary(String text) {
        return CONTRARY.contains(word(text));
    }

    private static String word(String text) {
        return text.strip().toLowerCase(Locale.ROOT).replace(' ', '_').replace('-', '_');
    }

    private static boolean finds(byte[] body, int layers) {
        for (var text : texts(body)) {
            if (finds(text, layers)) {
                return true;
            }
        }
        for (var unpacked : unpacked(body)) {
            if (layers > 0 && finds(unpacked, layers - 1)) {
                return true;
            }
        }
        return false;
    }

    private static boolean finds(String text, int layers) {
        // Invisible characters go; with them the zero bytes of ASCII in UTF-16 and UTF-32.
        var plain =
                Normalizer.normalize(INVISIBLE.matcher(text).replaceAll(""), Normalizer.Form.NFKC);
        if (plain.toLowerCase(Locale.ROOT).contains(WORD)) {
            return true;
        }
        if (layers == 0) {
            return false;
        }
        var unescaped = unescaped(plain);
        if (!unescaped.equals(plain) && finds(unescaped, layers - 1)) {
            return true;
        }
        for (var decoded : decoded(plain)) {
            if (finds(decoded, layers - 1)) {
                return true;
            }
        }
        return false;
    }

    /** The bytes in the character sets in which ASCII letters have other bytes, or none. */
    private static List<String> texts(byte[] body) {
        var texts = new ArrayList<>(List.of(new String(body, UTF_8)));
        if (Charset.isSupported("IBM1047")) {
            texts.add(new String(body, Charset.forName("IBM1047")));
        }
        return texts;
    }

    private static String unescaped(String text) {
        return ESCAPE.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(character(found::group)));
    }

    private interface Groups {
        String group(int number);
    }

    private static String character(Groups groups) {
        for (int group = 1; group <= 6; group++) {
            var digits = groups.group(group);
            if (digits != null) {
                int point = Integer.parseInt(digits, group == 6 ? 10 : 16);
                return Character.isValidCodePoint(point) ? Character.toString(point) : "";
            }
        }
        return "";
    }

    /** What Base64 and hexadecimal digits in the text stand for, if that is a text itself. */
    private static List<byte[]> decoded(String text) {
        var decoded = new ArrayList<byte[]>();
        // Lines of MIME are joined; a run that begins within a word is read at each of its places.
        for (var each : new HashSet<>(List.of(text, SPACE.matcher(text).replaceAll("")))) {
            for (var run = BASE64.matcher(each); run.find(); ) {
                for (int from = 0; from < 4; from++) {
                    addIfText(decoded, base64(run.group().substring(from)));
                }
            }
            for (var run = HEX.matcher(each); run.find(); ) {
                addIfText(decoded, HexFormat.of().parseHex(run.group()));
            }
        }
        return decoded;
    }

    private static byte[] base64(String run) {
        var usual = run.replace('-', '+').replace('_', '/');
        return Base64.getDecoder().decode(usual.substring(0, usual.length() / 4 * 4));
    }

    private static void addIfText(List<byte[]> list, byte[] bytes) {
        int readable = 0;
        for (byte each : bytes) {
            if (each == 0 || (each >= ' ' && each <= '~') || Character.isWhitespace(each)) {
                readable++;
            }
        }
        if (isGzip(bytes) || isZlib(bytes) || readable * 10 >= bytes.length * 9) {
            list.add(bytes);
        }
    }

    /** Unpacked, if it is packed and as far as that goes. */
    private static List<byte[]> unpacked(byte[] bytes) {
        if (isGzip(bytes)) {
            return beginning(() -> new GZIPInputStream(new ByteArrayInputStream(bytes)));
        }
        return isZlib(bytes)
                ? beginning(() -> new InflaterInputStream(new ByteArrayInputStream(bytes)))
                : List.of();
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
