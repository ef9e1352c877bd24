package net.cartback.deletion.registry;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.terms.AckMeans;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;

import org.jspecify.annotations.Nullable;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The content of a registry file (docs/CONFIGURATION.md describes its form). A field that the file
 * does not name is null: applying the file sets the field to its default. The field stays as it is
 * if it has no default ({@code name}, {@code url}, {@code secrets} and an app's {@code systems}),
 * or if the file is not {@code whole}.
 *
 * <p>Immutable. {@link #toString} shows no secret.
 *
 * @param fingerprint the whole text with its variables filled in; only ever used through a keyed
 *     digest
 * @param whole whether its entries are states; else they are changes, and say only what changes
 */
public record RegistryFile(
        List<App> apps, List<Client> systems, String fingerprint, boolean whole) {

    /** An entry of {@code apps}. */
    record App(
            MetaAppId id,
            @Nullable String name,
            @Nullable Map<Language, String> names,
            @Nullable Platform platform,
            @Nullable String state,
            @Nullable List<Secret> secrets,
            @Nullable List<ClientSystemId> systems) {}

    /** An entry of {@code systems}. */
    record Client(
            ClientSystemId id,
            @Nullable String name,
            @Nullable String publicName,
            @Nullable Map<Language, String> publicNames,
            @Nullable String state,
            @Nullable URI url,
            @Nullable List<Secret> secrets,
            @Nullable List<String> events,
            @Nullable List<IdentifierType> accepts,
            @Nullable AckMeans ackMeans,
            @Nullable Map<Integer, String> answers,
            @Nullable String answersHeader,
            @Nullable Integer maxInFlight,
            @Nullable Integer ratePerMinute,
            @Nullable Duration timeout,
            @Nullable Duration receiptWithin,
            @Nullable String tls,
            @Nullable String ca) {}

    /**
     * An entry of {@code secrets}, of an app or of a system.
     *
     * @param value null: the secret that is registered under {@code id}, which keeps its label and
     *     its end unless {@code given} names them
     */
    record Secret(
            @Nullable String label,
            @Nullable String value,
            @Nullable Instant notAfter,
            @Nullable UUID id,
            Set<String> given) {
        @Override
        public String toString() {
            return "Secret[" + label + "]";
        }
    }

    public RegistryFile {
        apps = List.copyOf(apps);
        systems = List.copyOf(systems);
    }

    /**
     * Reads YAML.
     *
     * @param variables where {@code ${NAME}} is looked up
     * @param plainHttp whether a system may have an {@code http} address at all
     * @throws InvalidRegistry with every fault, each named by its path
     */
    public static RegistryFile parse(
            String yaml, Map<String, String> variables, boolean plainHttp) {
        return new RegistryReader(variables, plainHttp).read(yaml);
    }

    /**
     * Reads changes to entries, which are an object already; else as {@link #parse}. It has no
     * variables.
     *
     * @throws InvalidRegistry with every fault, each named by its path
     */
    static RegistryFile changes(JsonNode root, boolean plainHttp) {
        return new RegistryReader(Map.of(), plainHttp).read(root);
    }

    /** Whether it has an entry of this kind and id. */
    public boolean names(RegistryView.Kind kind, String id) {
        return kind == RegistryView.Kind.APP
                ? apps.stream().anyMatch(each -> each.id().value().equals(id))
                : systems.stream().anyMatch(each -> each.id().value().equals(id));
    }

    @Override
    public String toString() {
        return "RegistryFile[apps=" + apps + ", systems=" + systems + "]";
    }
}
