package net.cartback.deletion.gate;

import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The circuit breaker of one client system: the instant before which none of its deliveries is
 * claimed, and the reason. A probe releases a held system: when its time has come, one delivery is
 * sent, and the result releases all the others or holds them again, for longer.
 *
 * <p>Immutable. Attempts do not change the gate of a paused system, so it is not modelled here.
 *
 * @param claimableAt null: open
 * @param reason null: open
 * @param level how many holds in a row
 * @param probeLease the lease under which a probe is out
 */
record Gate(
        ClientSystemId system,
        @Nullable Instant claimableAt,
        @Nullable HoldReason reason,
        int level,
        @Nullable UUID probeLease) {

    private static final List<Duration> HOLDS =
            List.of(
                    Duration.ofSeconds(10),
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(2),
                    Duration.ofMinutes(5),
                    Duration.ofMinutes(10),
                    Duration.ofMinutes(15));

    /** These may be faults of our own network, which ends without the system's doing. */
    private static final Set<HoldReason> MAY_BE_OURS =
            Set.of(new HoldReason("dns"), new HoldReason("connect"));

    private static final Duration MAX_HOLD_OF_OURS = Duration.ofMinutes(1);

    /** What the calls of the last half minute say of a system. */
    enum Health {
        /** Hardly any call fails. */
        WELL,
        /** Too few calls, or too mixed, to tell. */
        UNKNOWN,
        /** At least half of them fail. */
        FAILING
    }

    /** Whether it is closed until a probe succeeds. */
    boolean isHeld() {
        return reason != null && reason.isHeld();
    }

    /**
     * The gate after these attempts.
     *
     * @param health what the system's calls say of it, these among them
     */
    Gate after(List<Report> all, Health health, Instant now) {
        if (!isHeld()) {
            return whenOpen(all, health, now);
        }
        for (var told : all) {
            if (told.probe() && told.lease().equals(probeLease)) {
                return whenProbed(told.conduct(), now);
            }
        }
        // What was in flight when it was held says nothing new, unless it asks for more time.
        return atLeastUntil(latestAsked(all));
    }

    /** A system that asks for time while hardly any call fails asks for this one delivery only. */
    private Gate whenOpen(List<Report> all, Health health, Instant now) {
        for (var told : all) {
            if (told.conduct() instanceof SystemSignal.AtFault(var fault)) {
                return held(fault, now);
            }
        }
        var asked = latestAsked(all);
        if (health == Health.FAILING) {
            return held(HoldReason.FAILING, now).atLeastUntil(asked);
        }
        return asked == null || health == Health.WELL
                ? this
                : new Gate(system, asked, HoldReason.RETRY_AFTER, 1, null);
    }

    private Gate whenProbed(SystemSignal conduct, Instant now) {
        return switch (conduct) {
            case SystemSignal.Good good -> new Gate(system, null, null, 0, null);
            case SystemSignal.Failed failed -> held(HoldReason.FAILING, now);
            case SystemSignal.AtFault(var fault) -> held(fault, now);
            // The next one may be made elsewhere.
            case SystemSignal.Untried untried -> new Gate(system, now, reason, level, null);
            case SystemSignal.AskedToWait(var until) ->
                    held(HoldReason.RETRY_AFTER, now).atLeastUntil(until);
        };
    }

    private Gate held(HoldReason why, Instant now) {
        var hold = HOLDS.get(Math.min(level, HOLDS.size() - 1));
        if (MAY_BE_OURS.contains(why) && hold.compareTo(MAX_HOLD_OF_OURS) > 0) {
            hold = MAX_HOLD_OF_OURS;
        }
        return new Gate(system, now.plus(hold), why, level + 1, null);
    }

    private Gate atLeastUntil(@Nullable Instant until) {
        return until == null || claimableAt == null || !until.isAfter(claimableAt)
                ? this
                : new Gate(system, until, reason, level, probeLease);
    }

    private static @Nullable Instant latestAsked(List<Report> all) {
        return all.stream()
                .map(Report::conduct)
                .filter(SystemSignal.AskedToWait.class::isInstance)
                .map(asked -> ((SystemSignal.AskedToWait) asked).until())
                .max(Instant::compareTo)
                .orElse(null);
    }
}
