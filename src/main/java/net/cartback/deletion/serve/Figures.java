package net.cartback.deletion.serve;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;

import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.attention.Attention.Cause;
import net.cartback.deletion.attention.Watch;
import net.cartback.deletion.storage.Migrations;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Figures about the relay as a whole: its version, and how much needs an operator. It also starts
 * the counters of every registered app and system at 0: a counter that its first event creates
 * shows no increase.
 */
public final class Figures implements AutoCloseable {

    /** A new app's first callback is seen as an increase if it comes later than this. */
    private static final Duration COUNTERS_EVERY = Duration.ofSeconds(10);

    /** It asks for all causes, and may read much. */
    private static final Duration ATTENTION_EVERY = Duration.ofMinutes(1);

    private final Watch attention;
    private final MultiGauge byCause;
    private final Loop counterRounds;
    private final Loop attentionRounds;

    /**
     * @param beginCounters begins the counters of all that is registered; again does nothing
     */
    Figures(Watch attention, Runnable beginCounters, MeterRegistry meters) {
        this.attention = attention;
        byCause =
                MultiGauge.builder("relay.attention")
                        .description(
                                "Number of items that need an operator, by cause, as in GET"
                                        + " /admin/v1/attention; absent while it is not known")
                        .register(meters);
        Gauge.builder("relay.build.info", () -> 1)
                .description("1; which version runs, and the schema that it knows")
                .tag("version", version())
                .tag("schema", Integer.toString(Migrations.SCHEMA))
                .register(meters);
        counterRounds = new Loop("counters", COUNTERS_EVERY, beginCounters);
        attentionRounds = new Loop("attention", ATTENTION_EVERY, this::measure);
    }

    /** The version that the jar names; without a jar, {@code dev}. */
    public static String version() {
        @Nullable String version = Figures.class.getPackage().getImplementationVersion();
        return version == null ? "dev" : version;
    }

    void start() {
        counterRounds.start();
        attentionRounds.start();
    }

    boolean isAlive() {
        return counterRounds.isAlive() && attentionRounds.isAlive();
    }

    @Override
    public void close() {
        counterRounds.close();
        attentionRounds.close();
    }

    private void measure() {
        List<Attention> all;
        try {
            all = attention.look();
        } catch (RuntimeException e) {
            byCause.register(List.of(), true);
            throw e;
        }
        var counts =
                all.stream()
                        .collect(
                                Collectors.groupingBy(
                                        Attention::cause,
                                        () -> new EnumMap<>(Cause.class),
                                        Collectors.summingLong(Attention::count)));
        byCause.register(
                Arrays.stream(Cause.values())
                        // Never of a relay that runs.
                        .filter(cause -> cause != Cause.NO_RELAY)
                        .map(
                                cause ->
                                        Row.of(
                                                Tags.of("cause", cause.wireName()),
                                                counts.getOrDefault(cause, 0L)))
                        .toList(),
                true);
    }
}
