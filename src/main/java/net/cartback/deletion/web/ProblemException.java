package net.cartback.deletion.web;

import org.jspecify.annotations.Nullable;

import java.time.Duration;

/**
 * A request that cannot be served, told as problem+json (RFC 9457). The detail names the field and
 * the rule, and never echoes a value.
 */
public final class ProblemException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String type;
    private final @Nullable String field;
    private final @Nullable Duration retryAfter;
    private final @Nullable String hint;

    private ProblemException(
            int status,
            String type,
            String detail,
            @Nullable String field,
            @Nullable Duration retryAfter) {
        this(status, type, detail, field, retryAfter, null);
    }

    private ProblemException(
            int status,
            String type,
            String detail,
            @Nullable String field,
            @Nullable Duration retryAfter,
            @Nullable String hint) {
        // Without a stack trace: this is an answer, not a surprise.
        super(detail, null, false, false);
        this.status = status;
        this.type = type;
        this.field = field;
        this.retryAfter = retryAfter;
        this.hint = hint;
    }

    /** A problem with the request as a whole. The type is a short word of a fixed list. */
    public static ProblemException of(int status, String type, String detail) {
        return new ProblemException(status, type, detail, null, null);
    }

    /** A problem with one field of the request. */
    public static ProblemException withField(int status, String type, String field, String detail) {
        return new ProblemException(status, type, detail, field, null);
    }

    /** 503: it may be tried again after this time. */
    public static ProblemException unavailable(String detail, Duration retryAfter) {
        return new ProblemException(503, "unavailable", detail, null, retryAfter);
    }

    /** 429: it may be tried again after this time. */
    static ProblemException tooMany(String detail, Duration retryAfter) {
        return new ProblemException(429, "too-many", detail, null, retryAfter);
    }

    /** The same, with what operators should look at; it goes to the log and not to the caller. */
    public ProblemException hinting(String toOperators) {
        return new ProblemException(status, type, detail(), field, retryAfter, toOperators);
    }

    int status() {
        return status;
    }

    @Nullable String hint() {
        return hint;
    }

    /** The kind of problem: a short word of a fixed list, fit for a metric. */
    public String type() {
        return type;
    }

    @Nullable String field() {
        return field;
    }

    @Nullable Duration retryAfter() {
        return retryAfter;
    }

    String detail() {
        return String.valueOf(getMessage());
    }
}
