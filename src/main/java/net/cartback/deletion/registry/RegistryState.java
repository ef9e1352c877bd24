package net.cartback.deletion.registry;

import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.terms.ClientSystemId;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All that is registered, as the dispatcher knows it and as operators read it. */
record RegistryState(
        Map<ClientSystemId, ClientSystem> systems, Map<Kind, Map<String, Entry>> entries) {

    /** Which systems that were there have another entry now. */
    Set<ClientSystemId> changedSince(RegistryState before) {
        return before.systems.values().stream()
                .filter(each -> !each.equals(systems.get(each.id())))
                .map(ClientSystem::id)
                .collect(Collectors.toSet());
    }

    List<RegistryChange> changesSince(RegistryState before) {
        return entries.entrySet().stream()
                .flatMap(
                        kind ->
                                kind.getValue().entrySet().stream()
                                        .flatMap(
                                                each ->
                                                        change(
                                                                before,
                                                                kind.getKey(),
                                                                each.getKey(),
                                                                each.getValue())))
                .toList();
    }

    private Stream<RegistryChange> change(RegistryState before, Kind kind, String id, Entry after) {
        var old = Objects.requireNonNull(before.entries.get(kind)).get(id);
        boolean otherQuery =
                kind == Kind.SYSTEM
                        && !Objects.equals(before.query(id), query(id))
                        && before.query(id) != null
                        && query(id) != null;
        return RegistryChange.between(kind, old, after, otherQuery).stream();
    }

    /** The query of a system's address, which entries do not show. */
    private @Nullable String query(String id) {
        var system = systems.get(new ClientSystemId(id));
        return system == null ? null : system.url().getRawQuery();
    }
}
