package net.cartback.deletion.serve;

import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** The figures of the process itself. */
final class Meters {

    private Meters() {}

    static PrometheusMeterRegistry make(Opened opened) {
        var meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        var gc = new JvmGcMetrics();
        opened.push(gc::close);
        new JvmMemoryMetrics().bindTo(meters);
        new ProcessorMetrics().bindTo(meters);
        new UptimeMetrics().bindTo(meters);
        new FileDescriptorMetrics().bindTo(meters);
        gc.bindTo(meters);
        return meters;
    }
}
