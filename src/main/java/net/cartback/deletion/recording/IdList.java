package net.cartback.deletion.recording;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;

import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.MetaAppId;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A list of ids that was read: one id for each line, CSV with the id in the first column, or a JSON
 * list of texts. A list that spreadsheets or exports have spoilt is refused as a whole, because it
 * would delete other people.
 *
 * @param ids each once, in their order
 * @param wrongLines numbers of lines, or of a JSON list's entries, that hold no id: the first 20
 */
public record IdList(List<String> ids, List<Integer> wrongLines) {

    private static final int MAX_WRONG = 20;

    /** A spreadsheet's numbers are exact to so many digits (IEEE 754, binary64). */
    private static final int EXACT_DIGITS = 15;

    /** Meta's ids of today are longer; times in milliseconds are shorter. */
    private static final int LONG_ID = 14;

    /** So many rows that count up by one are numbers of rows. */
    private static final int FEWEST_ROW_NUMBERS = 3;

    /** So many, and most, of a list's ids end in zeros by chance in one of 400 lists at most. */
    private static final int FEWEST_ZEROS = 4;

    /** So many bits are all zero by chance once in a million lists. */
    private static final int LOST_BITS = 20;

    /** Whole numbers beyond are not exact to a program that reads them as binary64. */
    private static final double MAX_EXACT = 0x1p53;

    private static final Pattern ID = Pattern.compile("[0-9]{1,32}");

    /** One number with a comma in it, and not two columns: 10,210,123 or 1,02E+16. */
    private static final Pattern NUMBER_WITH_COMMA =
            Pattern.compile(
                    "[0-9]{1,3}(,[0-9]{2,3})*,[0-9]{3}|[0-9]{1,3}(,[0-9]{3}){2,},.*"
                            + "|[0-9]+,[0-9]+[Ee][+-]?[0-9]+");

    /** {@code "…"}, {@code '…'}, <code>="…"</code>, and a text that a spreadsheet marks with '. */
    private static final Pattern QUOTED =
            Pattern.compile("=?\"(.*)\"|=?'(.*)'|\u201C(.*)\u201D|'([0-9]*)");

    public IdList {
        ids = List.copyOf(ids);
        wrongLines = List.copyOf(wrongLines);
    }

    /**
     * Reads a list.
     *
     * @param app whose list it is
     * @param atMost how many ids it may hold
     * @param exact whether somebody has made sure that the ids do end in zeros
     * @throws IllegalArgumentException if it is too long, or spoilt; the message goes on after the
     *     list's name
     */
    public static IdList read(String text, MetaAppId app, int atMost, boolean exact) {
        var reading = new Reading(atMost);
        var plain = trimmed(text);
        if (plain.startsWith("[")) {
            json(plain, reading);
        } else {
            csv(text, reading);
        }
        var list = new IdList(List.copyOf(reading.ids), reading.wrong);
        if (list.wrongLines.isEmpty()) {
            list.refuseSpoilt(app, reading, exact);
        }
        return list;
    }

    /** What has been read so far. */
    private static final class Reading {

        private final int atMost;
        private final Set<String> ids = new LinkedHashSet<>();
        private final List<Integer> wrong = new ArrayList<>();
        private int entries;
        private boolean hasColumns;

        Reading(int atMost) {
            this.atMost = atMost;
        }

        /** Whether it is an id. */
        boolean take(String cell) {
            if (!ID.matcher(cell).matches() || !MetaUser.isValid(cell)) {
                return false;
            }
            entries++;
            ids.add(cell);
            if (ids.size() > atMost) {
                throw new IllegalArgumentException("holds more than " + atMost + " ids");
            }
            return true;
        }

        void wrong(int number) {
            if (wrong.size() < MAX_WRONG) {
                wrong.add(number);
            }
        }
    }

    /**
     * A first line without a digit in its first column is a header; one with a digit and no id is
     * wrong, like any other. Empty lines are passed over.
     */
    private static void csv(String text, Reading reading) {
        int number = 0;
        for (var line : (Iterable<String>) text.lines()::iterator) {
            number++;
            if (NUMBER_WITH_COMMA.matcher(trimmed(line)).matches()) {
                reading.wrong(number);
                continue;
            }
            var columns =
                    line.split(line.indexOf(';') < 0 && line.indexOf('\t') < 0 ? "," : "[;\t]");
            reading.hasColumns |= columns.length > 1;
            var cell = unquoted(columns.length == 0 ? "" : columns[0]);
            // A spreadsheet ends a file with rows of nothing but commas.
            boolean isBlank = Arrays.stream(columns).allMatch(each -> unquoted(each).isEmpty());
            if (!reading.take(cell)
                    && !isBlank
                    && !(number == 1 && isHeader(cell.isEmpty() ? line : cell))) {
                reading.wrong(number);
            }
            refuseIdsElsewhere(columns, cell, number);
        }
    }

    /** Who is named in another column, or beside another in one line, would be passed over. */
    private static void refuseIdsElsewhere(String[] columns, String cell, int number) {
        int others = 0;
        for (int i = 1; i < columns.length; i++) {
            var other = unquoted(columns[i]);
            boolean isLong = other.length() >= LONG_ID && ID.matcher(other).matches();
            others += isLong ? 1 : 0;
            if (isLong && cell.length() < LONG_ID) {
                throw new IllegalArgumentException(
                        "holds long numbers in line "
                                + number
                                + " outside the first column: does the first column hold the ids?");
            }
        }
        if (others > 1) {
            throw new IllegalArgumentException(
                    "holds several ids in line " + number + ": put one in a line");
        }
    }

    /** Without spaces and invisible marks around it. */
    private static String trimmed(String text) {
        int from = 0;
        int to = text.length();
        while (from < to && isBlank(text.charAt(from))) {
            from++;
        }
        while (from < to && isBlank(text.charAt(to - 1))) {
            to--;
        }
        return text.substring(from, to);
    }

    private static boolean isBlank(char each) {
        return Character.isWhitespace(each)
                || Character.isSpaceChar(each)
                || each == '\u200B'
                || each == '\uFEFF';
    }

    private static boolean isHeader(String cell) {
        return cell.chars().noneMatch(Character::isDigit);
    }

    private static String unquoted(String cell) {
        var text = trimmed(cell);
        // A formula inside of quotes has its own quotes doubled: "=""123""".
        for (int i = 0; i < 3; i++) {
            var quoted = QUOTED.matcher(text);
            if (!quoted.matches()) {
                break;
            }
            for (int group = 1; group <= quoted.groupCount(); group++) {
                if (quoted.group(group) != null) {
                    text = trimmed(quoted.group(group).replace("\"\"", "\""));
                    break;
                }
            }
        }
        return text;
    }

    private static void json(String text, Reading reading) {
        try (var json = new JsonFactory().createParser(text)) {
            json.nextToken();
            int number = 0;
            while (json.nextToken() != JsonToken.END_ARRAY) {
                number++;
                if (json.currentToken() == JsonToken.VALUE_NUMBER_INT
                        || json.currentToken() == JsonToken.VALUE_NUMBER_FLOAT) {
                    throw new IllegalArgumentException(
                            "is a JSON list of numbers: programs round long numbers, so the ids"
                                    + " must be texts");
                }
                if (json.currentToken() != JsonToken.VALUE_STRING
                        || !reading.take(unquoted(json.getText()))) {
                    reading.wrong(number);
                    json.skipChildren();
                }
            }
            if (json.nextToken() != null) {
                throw new IllegalArgumentException("is more than one JSON list");
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("is no well-formed JSON list of texts", e);
        } catch (IOException e) {
            throw new UncheckedIOException("Reading from memory failed", e);
        }
    }

    private void refuseSpoilt(MetaAppId app, Reading reading, boolean exact) {
        if (ids.isEmpty()) {
            throw new IllegalArgumentException(
                    "holds no id: is it the list that Meta offers for download?");
        }
        if (ids.contains(app.value())) {
            throw new IllegalArgumentException(
                    "holds the app's own id: does the first column hold the people's ids?");
        }
        if (ids.size() == 1 && reading.entries > 1) {
            throw new IllegalArgumentException(
                    "holds one value again and again: does the first column hold the people's"
                            + " ids?");
        }
        if (reading.hasColumns && areRowNumbers()) {
            throw new IllegalArgumentException(
                    "holds row numbers: does the first column hold the people's ids?");
        }
        if (!exact && isRounded()) {
            throw new IllegalArgumentException(
                    "was rounded by a spreadsheet: its long ids end in zeros after the 15th"
                            + " digit, so they are the ids of other people. Use the list as it"
                            + " was downloaded, or state that the ids are exact");
        }
        if (!exact && isOfBinaryNumbers()) {
            throw new IllegalArgumentException(
                    "was rounded by a program that reads ids as numbers: its long ids end in the"
                            + " digits that such a program leaves, so they are the ids of other"
                            + " people. Use the list as it was downloaded, or state that the"
                            + " ids are exact");
        }
    }

    /** In whatever order. */
    private boolean areRowNumbers() {
        var highest = Integer.toString(ids.size());
        var numbers =
                ids.stream()
                        .filter(id -> id.length() <= highest.length())
                        .mapToInt(Integer::parseInt)
                        .sorted()
                        .toArray();
        return numbers.length == ids.size()
                && numbers.length >= FEWEST_ROW_NUMBERS
                && numbers[0] == 1
                && numbers[numbers.length - 1] == numbers.length;
    }

    /** One id that was put in by hand does not make the others exact. */
    private boolean isRounded() {
        var longOnes = ids.stream().filter(id -> id.length() > EXACT_DIGITS).toList();
        long zeros =
                longOnes.stream()
                        .filter(id -> id.chars().skip(EXACT_DIGITS).allMatch(d -> d == '0'))
                        .count();
        boolean all = zeros > 0 && zeros == longOnes.size();
        return all || (zeros >= FEWEST_ZEROS && zeros > longOnes.size() / 2);
    }

    /** As JavaScript writes its numbers, or Python its floats as whole ones (IEEE 754). */
    private boolean isOfBinaryNumbers() {
        int bits = 0;
        for (var id : ids) {
            double value = Double.parseDouble(id);
            if (value <= MAX_EXACT) {
                continue;
            }
            var shortest = new BigDecimal(Double.toString(value)).toPlainString();
            if (!id.equals(shortest) && !id.equals(new BigDecimal(value).toPlainString())) {
                return false;
            }
            bits += Math.getExponent(Math.ulp(value));
        }
        return bits >= LOST_BITS;
    }

    @Override
    public String toString() {
        return "IdList[" + ids.size() + " ids]";
    }
}
