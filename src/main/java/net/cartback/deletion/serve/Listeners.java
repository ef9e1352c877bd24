package net.cartback.deletion.serve;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.listener.HttpListener;
import net.cartback.deletion.listener.IdleLimits;
import net.cartback.deletion.listener.PortInUse;
import net.cartback.deletion.listener.TlsIdentity;
import net.cartback.deletion.web.Proxies;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Opens the listeners that the configuration asks for. */
final class Listeners {

    private final Opened opened;
    private final Proxies proxies;

    Listeners(Opened opened, Proxies proxies) {
        this.opened = opened;
        this.proxies = proxies;
    }

    /**
     * The certificate and key of the public listener; null: it speaks plain HTTP.
     *
     * @throws Refused if they cannot be used
     */
    static @Nullable TlsIdentity identity(Config config) {
        var files = config.tls();
        try {
            return files == null
                    ? null
                    : TlsIdentity.load(files.certificate(), files.key(), InstantSource.system());
        } catch (IllegalArgumentException e) {
            throw new Refused(List.of("TLS_CERTIFICATE, TLS_PRIVATE_KEY: " + e.getMessage()));
        }
    }

    /** How long the certificate lasts, if there is one. */
    static void measure(@Nullable TlsIdentity identity, InstantSource clock, MeterRegistry meters) {
        if (identity != null) {
            Gauge.builder(
                            "relay.tls.certificate.lasts",
                            () ->
                                    Duration.between(clock.instant(), identity.notAfter())
                                            .toSeconds())
                    .baseUnit("seconds")
                    .description("How long the certificate of the public listener lasts")
                    .register(meters);
        }
    }

    /**
     * Opens one.
     *
     * @param variable where the port comes from
     * @param gate while it says false, all is answered 503
     * @throws Refused if the port is in use
     */
    HttpListener open(
            String variable,
            Config.Listen listen,
            BooleanSupplier gate,
            @Nullable TlsIdentity tls,
            List<Routes> routes) {
        HttpListener started;
        try {
            started =
                    HttpListener.start(
                            listen.host(),
                            listen.port(),
                            gate,
                            proxies,
                            tls,
                            IdleLimits.USUAL,
                            routes);
        } catch (PortInUse e) {
            throw new Refused(List.of(variable + ": " + e.getMessage()));
        }
        opened.push(started::close);
        return started;
    }
}
