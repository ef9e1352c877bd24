package net.cartback.deletion.answer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Looks for an outcome in a body that is not an answer: wrapped, prefixed, escaped, encoded,
 * compressed, in another case or another character set. The search does not read the outcome. It
 * only finds that the body mentions one, so that the body does not count as silence.
 */
final class OutcomeSearch {

    private static final String WORD = "outcome";

    /** What contradicts an acknowledgement, in letters alone: outcomes, and grounds for them. */
    private static final List<String> CONTRARY =
            Stream.concat(
                            EnumSet.complementOf(EnumSet.of(Outcome.DELETED, Outcome.UNCONFIRMED))
                                    .stream()
                                    .map(Outcome::wireName),
                            Arrays.stream(Ground.values()).map(Ground::wireName))
                    .map(OutcomeSearch::letters)
                    .toList();

    /** So many characters are looked at, with all that they stand for; more is hostile. */
    private static final int BUDGET = 1024 * 1024;

    /** Putting combining characters in order takes the square of their number. */
    private static final int NORMALISED_AT_ONCE = 256;

    /**
     * A search may use a processor for a fifth of a second. A virtual thread would not yield it to
     * the callbacks meanwhile, so searches have platform threads, which the system schedules.
     */
    private static final ExecutorService ASIDE =
            Executors.newFixedThreadPool(
                    2, Thread.ofPlatform().daemon().name("answers-", 0).factory());

    /** A list of so many numbers or letters may spell something. */
    private static final int FEWEST_SPELT = 8;

    /** How many encodings may lie upon one another. */
    private static final int MAX_LAYERS = 3;

    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cf}\\x00]");
    private static final Pattern ESCAPE =
            Pattern.compile(
                    "(?<!\\\\)\\\\++u\\{?([0-9A-Fa-f]{2,6})}?|(?<!\\\\)\\\\++x([0-9A-Fa-f]{2})"
                            + "|%([0-9A-Fa-f]{2})|=([0-9A-F]{2})"
                            + "|&#[xX]0*([0-9A-Fa-f]{1,6});|&#0*([0-9]{1,7});|=\\r?\\n");
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{8,}");
    private static final Pattern HEX = Pattern.compile("(?:[0-9A-Fa-f]{2}){7,}");

    private int left = BUDGET;

    private OutcomeSearch() {}

    /** In well-formed JSON: in a name, or in a text. */
    static boolean finds(JsonNode json) {
        return aside(() -> new OutcomeSearch().in(json));
    }

    private static boolean aside(BooleanSupplier search) {
        return CompletableFuture.supplyAsync(search::getAsBoolean, ASIDE).join();
    }

    /** In any bytes. */
    static boolean finds(byte[] body) {
        var word = letters(new String(body, 0, Math.min(body.length, 100), UTF_8));
        return CONTRARY.contains(word)
                || word.equals("deleted")
                || aside(() -> new OutcomeSearch().in(body, MAX_LAYERS));
    }

    /** Whether an object names an outcome in another place than its own field. */
    static boolean findsAnotherName(JsonNode answer) {
        for (var field : answer.properties()) {
            if ((!field.getKey().equals(WORD) && letters(field.getKey()).equals(WORD))
                    || namesOutcome(field.getValue())) {
                return true;
            }
        }
        return false;
    }

    private static boolean namesOutcome(JsonNode json) {
        for (var field : json.properties()) {
            if (letters(field.getKey()).equals(WORD)) {
                return true;
            }
        }
        for (var element : json) {
            if (namesOutcome(element)) {
                return true;
            }
        }
        return false;
    }

    private boolean in(JsonNode json) {
        if (json.isTextual()) {
            return isContrary(json.textValue()) || in(json.textValue().getBytes(UTF_8), MAX_LAYERS);
        }
        for (var field : json.properties()) {
            if (isName(field.getKey()) || in(field.getKey(), MAX_LAYERS)) {
                return true;
            }
        }
        for (var element : json) {
            if (in(element)) {
                return true;
            }
        }
        var spelt = spelt(json);
        return spelt.length > 0 && in(spelt, MAX_LAYERS);
    }

    /** Bytes as numbers, and letters one by one, as some serialisers write them. */
    private static byte[] spelt(JsonNode json) {
        if (json.size() < FEWEST_SPELT) {
            return new byte[0];
        }
        var spelt = new ByteArrayOutputStream();
        for (var element : json) {
            if (element.isInt() && element.intValue() >= -128 && element.intValue() <= 255) {
                spelt.write(element.intValue());
            } else if (element.isTextual() && element.textValue().length() == 1) {
                spelt.writeBytes(element.textValue().getBytes(UTF_8));
            } else {
                return new byte[0];
            }
        }
        return spelt.toByteArray();
    }

    private static boolean isName(String name) {
        var letters = letters(name);
        return letters.contains(WORD) || letters.equals("ground") || containsContrary(letters);
    }

    private static boolean isContrary(String text) {
        return containsContrary(letters(text));
    }

    private static boolean containsContrary(String letters) {
        return CONTRARY.stream().anyMatch(letters::contains);
    }

    /** Its letters and digits, in lower case. */
    static String letters(String text) {
        var letters = new StringBuilder(text.length());
        text.toLowerCase(Locale.ROOT)
                .codePoints()
                .filter(Character::isLetterOrDigit)
                .forEach(letters::appendCodePoint);
        return letters.toString();
    }

    private boolean in(byte[] body, int layers) {
        for (var text : texts(body)) {
            if (in(text, layers)) {
                return true;
            }
        }
        for (var unpacked : Compressed.unpacked(body)) {
            if (layers > 0 && in(unpacked, layers - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean in(String text, int layers) {
        left -= text.length();
        if (left < 0) {
            // A body that exceeds the budget is meant to hide something.
            return true;
        }
        var plain = plain(text);
        if (left < 0) {
            return true;
        }
        if (plain.toLowerCase(Locale.ROOT).contains(WORD)) {
            return true;
        }
        if (layers == 0) {
            return false;
        }
        var unescaped = unescaped(plain);
        if (!unescaped.equals(plain) && in(unescaped, layers - 1)) {
            return true;
        }
        for (var decoded : decoded(plain)) {
            if (in(decoded, layers - 1)) {
                return true;
            }
        }
        return false;
    }

    /** Without invisible characters, the zero bytes of ASCII in UTF-16 and UTF-32 among them. */
    private String plain(String text) {
        boolean isAscii = text.chars().allMatch(each -> each > 0 && each < 128);
        if (isAscii) {
            return text;
        }
        var visible = INVISIBLE.matcher(text).replaceAll("");
        var plain = new StringBuilder();
        for (int from = 0; from < visible.length() && left > 0; ) {
            int to = Math.min(from + NORMALISED_AT_ONCE, visible.length());
            if (to < visible.length() && Character.isHighSurrogate(visible.charAt(to - 1))) {
                to++;
            }
            var piece = Normalizer.normalize(visible.substring(from, to), Normalizer.Form.NFKC);
            // Some characters stand for many.
            left -= piece.length();
            plain.append(piece);
            from = to;
        }
        return plain.toString();
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
    private List<byte[]> decoded(String text) {
        var decoded = new ArrayList<byte[]>();
        // Lines of MIME are joined; a run that begins within a word is read at each of its places.
        for (var each : new HashSet<>(List.of(text, SPACE.matcher(text).replaceAll("")))) {
            for (var run = BASE64.matcher(each); run.find(); ) {
                left -= run.group().length();
                for (int from = 0; from < 4 && left > 0; from++) {
                    addIfText(decoded, base64(run.group().substring(from)));
                }
            }
            for (var run = HEX.matcher(each); run.find(); ) {
                left -= run.group().length();
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
        if (Compressed.is(bytes) || readable * 10 >= bytes.length * 9) {
            list.add(bytes);
        }
    }
}
