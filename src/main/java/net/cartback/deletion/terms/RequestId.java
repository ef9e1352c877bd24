package net.cartback.deletion.terms;

import java.time.Instant;
import java.util.UUID;
import java.util.random.RandomGenerator;

/** Names one deletion request. */
public record RequestId(UUID value) {

    /** A new id that sorts by time (UUID version 7, RFC 9562 section 5.7). */
    public static RequestId at(Instant now, RandomGenerator random) {
        return new RequestId(uuid(now, random));
    }

    /** An id that sorts by time, of whatever kind. */
    public static UUID uuid(Instant now, RandomGenerator random) {
        long high = (now.toEpochMilli() << 16) | 0x7000L | (random.nextLong() & 0x0FFFL);
        long low = (random.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
        return new UUID(high, low);
    }

    /** Before every id of this moment, and after every one of an earlier millisecond. */
    public static UUID floor(Instant moment) {
        return new UUID((moment.toEpochMilli() << 16) | 0x7000L, 0x8000000000000000L);
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
