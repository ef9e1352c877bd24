package net.cartback.deletion.registry;

import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Whether a registry file fits what is registered: what a new entry must say, and which systems
 * there are.
 */
final class RegistryFit {

    private RegistryFit() {}

    /**
     * @param apps the ids that are registered
     * @param systems the ids that are registered
     * @throws InvalidRegistry with each fault named by its path
     */
    static void require(RegistryFile file, Collection<String> apps, Collection<String> systems) {
        var faults = new ArrayList<String>();
        var knownApps = Set.copyOf(apps);
        var knownSystems = new HashSet<>(systems);
        for (int i = 0; i < file.systems().size(); i++) {
            var system = file.systems().get(i);
            if (knownSystems.add(system.id().value())) {
                var path = "systems[" + i + "].";
                requireNew(faults, path + "name", system.name());
                requireNew(faults, path + "url", system.url());
                requireNew(faults, path + "secrets", system.secrets());
            }
        }
        for (int i = 0; i < file.apps().size(); i++) {
            var app = file.apps().get(i);
            var path = "apps[" + i + "].";
            if (!knownApps.contains(app.id().value())) {
                requireNew(faults, path + "name", app.name());
                requireNew(faults, path + "secrets", app.secrets());
            }
            var served = app.systems() == null ? List.<ClientSystemId>of() : app.systems();
            for (int k = 0; k < served.size(); k++) {
                if (!knownSystems.contains(served.get(k).value())) {
                    faults.add(path + "systems[" + k + "]: no system has the id " + served.get(k));
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidRegistry(faults);
        }
    }

    private static void requireNew(List<String> faults, String path, @Nullable Object value) {
        if (value == null) {
            faults.add(path + ": is required for a new entry");
        }
    }
}
