package net.cartback.deletion.ledger;

import com.fasterxml.jackson.databind.JsonNode;

import java.util.Locale;
import java.util.Set;

/**
 * Whether a JSON object says that something went wrong. Many systems answer 200 to everything and
 * tell of a failure in the body; such a body acknowledges nothing, whatever has been agreed.
 */
final class FailureReport {

    /** Fields that say with {@code false} or {@code 0} that nothing was done. */
    private static final Set<String> SUCCESS =
            Set.of("success", "successful", "ok", "deleted", "accepted", "acknowledged");

    /** Fields that say with any content that something went wrong. */
    private static final Set<String> FAILURE = Set.of("error", "errors", "exception", "fault");

    /** Fields that name how it went, and the names of failure. */
    private static final Set<String> STATE = Set.of("status", "result", "state");

    private static final Set<String> FAILED =
            Set.of(
                    "error",
                    "fail",
                    "failed",
                    "failure",
                    "rejected",
                    "denied",
                    "forbidden",
                    "unauthorized",
                    "not_found",
                    "false");

    private FailureReport() {}

    /** Looks at every object in it, however deep. */
    static boolean isIn(JsonNode json) {
        for (var element : json) {
            if (isIn(element)) {
                return true;
            }
        }
        for (var field : json.properties()) {
            var name = field.getKey().toLowerCase(Locale.ROOT);
            var value = field.getValue();
            if ((SUCCESS.contains(name) && isNothing(value))
                    || (FAILURE.contains(name) && !isNothing(value))
                    || (STATE.contains(name)
                            && FAILED.contains(value.asText().strip().toLowerCase(Locale.ROOT)))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNothing(JsonNode value) {
        var text = value.asText().strip();
        return value.isNull()
                || (value.isContainerNode() && value.isEmpty())
                || (value.isValueNode()
                        && (text.isEmpty()
                                || text.equals("0")
                                || text.equalsIgnoreCase("false")
                                || text.equalsIgnoreCase("no")
                                || text.equalsIgnoreCase("none")));
    }
}
