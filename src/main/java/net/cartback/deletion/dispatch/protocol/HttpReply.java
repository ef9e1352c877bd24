package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.answer.AnswerReading;

import okhttp3.Headers;

import org.jspecify.annotations.Nullable;

/**
 * The HTTP reply of a client system, or of a proxy in front of it. This class does not judge it.
 *
 * @param retryAfter the header, as it came
 */
public record HttpReply(int status, Headers headers, Body body, @Nullable String retryAfter) {

    /** How much of a body was seen. */
    public sealed interface Body {

        /** All of it; without its compression, if it had one that we read. */
        record Whole(byte[] bytes) implements Body {}

        /** Its beginning: the rest is too long, or cannot be told from what surrounds it. */
        record Beginning(byte[] bytes) implements Body {}

        /** It is compressed or encoded in a way that we do not read. */
        record Encoded(byte[] bytes) implements Body {}

        byte[] bytes();
    }

    /** A status alone. */
    public static HttpReply bare(int status) {
        return new HttpReply(status, Headers.of(), new Body.Whole(new byte[0]), null);
    }

    public boolean isSuccess() {
        return status >= 200 && status < 300;
    }

    /** What the body says of the deletion. */
    public AnswerReading reading() {
        return switch (body) {
            case Body.Whole(var bytes) -> AnswerReading.of(bytes);
            case Body.Beginning(var bytes) -> AnswerReading.ofBeginning(bytes);
            // Nobody knows what it says, so it may say anything.
            case Body.Encoded encoded ->
                    new AnswerReading.Unacceptable("body", "must not be encoded, except with gzip");
        };
    }
}
