package net.cartback.deletion.serve;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.RegistryLoader;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.registry.RegistryChange;
import net.cartback.deletion.registry.RegistryFile;
import net.cartback.deletion.storage.Signals;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.stream.Collectors;

/** The registry file that is configured, if one is: applied at the start, and once. */
final class ConfiguredRegistry {

    private static final Logger log = LoggerFactory.getLogger(ConfiguredRegistry.class);

    private final @Nullable RegistryFile file;
    private final Registry registry;
    private final Signals signals;
    private volatile boolean waits;

    /**
     * @param file null: none is configured
     */
    ConfiguredRegistry(@Nullable RegistryFile file, Registry registry, Signals signals) {
        this.file = file;
        this.registry = registry;
        this.signals = signals;
    }

    /** What {@code REGISTRY_FILE} names; null: it is unset. */
    static @Nullable RegistryFile read(Config config) {
        var path = config.registryFile();
        return path == null ? null : RegistryLoader.read(path, config);
    }

    /**
     * Applies the file. A file that an older replica would not understand is applied later, when no
     * older replica runs. The start does not wait for that, because a roll-out ends the older
     * replicas only after this replica is ready.
     *
     * @throws InvalidRegistry if the file must be applied and does not fit the registered entries
     */
    void applyOrWait() {
        try {
            if (apply()) {
                signals.send(App.REGISTRY);
            }
            waits = false;
        } catch (OlderReplicaRuns e) {
            if (!waits) {
                log.warn(
                        "The registry file is not applied yet, because it retires an entry: {}",
                        e.getMessage());
            }
            waits = true;
        }
    }

    /** Tries again what {@link #applyOrWait} has put off. */
    void applyIfItWaits() {
        if (waits) {
            applyOrWait();
        }
    }

    /**
     * Applies the file, unless exactly this content was applied before; then it tells what differs.
     *
     * @return whether it was applied now
     * @throws InvalidRegistry if it is to be applied and does not fit what is registered
     */
    private boolean apply() {
        if (file == null) {
            registry.reload();
            return false;
        }
        if (registry.applyOnce(file)) {
            log.info("The registry file has been applied");
            return true;
        }
        log.info(
                "The registry file is not applied again, because exactly this content was applied"
                        + " before; to apply it, run the command registry apply");
        tellOfDifferences(file);
        return false;
    }

    /** What was applied is known under the new key, too, before the old one goes. */
    void remember() {
        if (file != null) {
            registry.applyOnce(file);
        }
    }

    /** Only logs: a file that does not fit any more is no fault here, as it is not applied. */
    private void tellOfDifferences(RegistryFile applied) {
        try {
            registry.differences(applied).forEach(ConfiguredRegistry::tell);
        } catch (InvalidRegistry e) {
            log.atWarn()
                    .addKeyValue("faults", e.faults())
                    .log("The registry file does not fit what is registered, and is not applied");
        }
    }

    /** What was changed since by the admin API, or by another file; no value, for the log. */
    private static void tell(RegistryChange change) {
        log.atWarn()
                .addKeyValue("entry", change.kind().word() + " " + change.id())
                .addKeyValue(
                        "fields",
                        change.fields().stream()
                                .map(RegistryChange.Field::name)
                                .distinct()
                                .collect(Collectors.joining(", ")))
                .log("The registered entry differs from the registry file");
    }
}
