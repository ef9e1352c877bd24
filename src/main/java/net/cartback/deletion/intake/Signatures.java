package net.cartback.deletion.intake;

import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.terms.MetaAppId;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Finds apps whose callbacks are all refused for their signature. The registered secret of such an
 * app is probably wrong, not the caller. Counts only the callbacks that this replica received.
 */
public final class Signatures {

    /** One may be a stranger's. */
    private static final int TELLING = 3;

    private static final Duration REMEMBERED = Duration.ofDays(1);

    private final InstantSource clock;
    private final Map<MetaAppId, Refused> refused = new ConcurrentHashMap<>();

    private record Refused(Instant since, Instant last, long count) {}

    public Signatures(InstantSource clock) {
        this.clock = clock;
    }

    void good(MetaAppId app) {
        refused.remove(app);
    }

    void bad(MetaAppId app) {
        var now = clock.instant();
        refused.merge(
                app,
                new Refused(now, now, 1),
                (before, one) -> new Refused(before.since(), now, before.count() + 1));
    }

    /** A row for each app of which none was right since the first that was wrong. */
    public List<Attention> attentions() {
        var since = clock.instant().minus(REMEMBERED);
        return refused.entrySet().stream()
                .filter(each -> each.getValue().count() >= TELLING)
                .filter(each -> each.getValue().last().isAfter(since))
                .map(each -> attention(each.getKey(), each.getValue()))
                .toList();
    }

    private static Attention attention(MetaAppId app, Refused refused) {
        return new Attention(
                Attention.Cause.SIGNATURES_REFUSED,
                app.value(),
                null,
                refused.since(),
                refused.count(),
                null,
                "compare the secret in the registry with the one that Meta signs with: each product"
                        + " (Facebook Login, Instagram, Threads) has its own");
    }
}
