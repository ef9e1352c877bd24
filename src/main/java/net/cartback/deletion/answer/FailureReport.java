package net.cartback.deletion.answer;

import com.fasterxml.jackson.databind.JsonNode;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Finds out whether a JSON object reports a failure, at any depth. Many systems answer 200 to every
 * request and report a failure in the body. Such a body acknowledges nothing, whatever has been
 * agreed. Names and words are compared by their letters and digits alone.
 */
final class FailureReport {

    /** Names that tell of a failure with any content: {@code error}, {@code errorMessage}. */
    private static final Pattern FAILURE =
            Pattern.compile(
                    "(err|errno|error|fail|fault|exception).*|.*(error|errors|fault|failed|failure|exception)");

    /** Names that tell of one with false, 0 or nothing: {@code success}, {@code deletedCount}. */
    private static final Pattern SUCCESS =
            Pattern.compile(
                    ".*succe.*|ok|isok|accepted|acknowledged|done|processed|found"
                            + "|(deleted|removed|erased|affected).*|rows|rowcount");

    /** Names whose content names how it went. */
    private static final Pattern STATE =
            Pattern.compile(
                    "status|state|result|type|(http|status|result|response|return|error)?(code|status)|rc");

    /** Names of prose. */
    private static final Pattern PROSE =
            Pattern.compile("message|msg|detail|details|title|description|info|text");

    private static final Pattern FAILED =
            Pattern.compile(
                    ".*(fail|error|exception|reject|denied|forbid|unauthor|notauth|notfound|notdeleted"
                        + "|invalid|cannot|couldnot|unable|notpermitted|notallowed).*|ko|nok|no|false");

    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,9}");

    private FailureReport() {}

    /** Looks at every object in it, however deep. */
    static boolean isIn(JsonNode json) {
        for (var element : json) {
            if (isIn(element)) {
                return true;
            }
        }
        for (var field : json.properties()) {
            if (tells(OutcomeSearch.letters(field.getKey()), field.getValue())) {
                return true;
            }
        }
        return false;
    }

    private static boolean tells(String name, JsonNode value) {
        return (FAILURE.matcher(name).matches() && !isNothing(value))
                || (SUCCESS.matcher(name).matches() && isNothing(value))
                || (STATE.matcher(name).matches() && isFailedState(value))
                || (PROSE.matcher(name).matches()
                        && FAILED.matcher(OutcomeSearch.letters(value.asText())).matches());
    }

    /** A status of HTTP that is no success, another number than 0 and 1, or a word for failure. */
    private static boolean isFailedState(JsonNode value) {
        var text = value.asText().strip();
        if (value.isValueNode() && NUMBER.matcher(text).matches()) {
            int number = Integer.parseInt(text);
            return number != 0 && number != 1 && (number < 200 || number > 299);
        }
        return FAILED.matcher(OutcomeSearch.letters(text)).matches();
    }

    private static boolean isNothing(JsonNode value) {
        if (value.isNumber()) {
            return value.doubleValue() == 0;
        }
        var text = value.asText().strip().toLowerCase(Locale.ROOT);
        return value.isNull()
                || (value.isContainerNode() && value.isEmpty())
                || (value.isValueNode() && text.matches("|0|false|f|no|n|none|null|off"));
    }
}
