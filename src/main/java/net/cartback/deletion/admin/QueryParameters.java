package net.cartback.deletion.admin;

import io.javalin.http.Context;

import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

/** What stands in a query, read strictly: every fault names its parameter and the rule. */
final class QueryParameters {

    static final int DEFAULT_LIMIT = 100;
    static final int MAX_LIMIT = 1_000;

    private final Context ctx;

    /**
     * @param known the parameters that this route takes
     */
    QueryParameters(Context ctx, String... known) {
        this.ctx = ctx;
        for (var name : ctx.queryParamMap().keySet()) {
            if (!Arrays.asList(known).contains(name)) {
                // The name is a stranger's, so it is not said again.
                throw AdminBody.fault(
                        "query", "may hold only " + String.join(", ", Arrays.asList(known)));
            }
        }
    }

    /** An app that is registered: a name that nobody knows would find nothing, and not say why. */
    @Nullable MetaAppId app(Registry registry) {
        var app = app();
        if (app != null && registry.app(app).isEmpty()) {
            throw AdminBody.fault("app", "must be the id of a registered app");
        }
        return app;
    }

    /** As {@link #app(Registry)}, of a system. */
    @Nullable ClientSystemId system(Registry registry) {
        var system = system();
        if (system != null && registry.system(system).isEmpty()) {
            throw AdminBody.fault("system", "must be the id of a registered system");
        }
        return system;
    }

    boolean newestFirst() {
        return "newest"
                .equals(
                        value(
                                "order",
                                "must be oldest (oldest first) or newest (newest first)",
                                text ->
                                        Optional.of(text)
                                                .filter(List.of("oldest", "newest")::contains)));
    }

    @Nullable MetaAppId app() {
        return value(
                "app",
                "must be an app's id",
                text -> Optional.of(text).filter(MetaAppId::isValid).map(MetaAppId::new));
    }

    @Nullable ClientSystemId system() {
        return value(
                "system",
                "must be a system's id",
                text -> Optional.of(text).filter(ClientSystemId::isValid).map(ClientSystemId::new));
    }

    @Nullable UUID uuid(String name) {
        return value(name, "must be an id as this API returns it", SystemRoutes::uuid);
    }

    @Nullable Instant instant(String name) {
        return value(
                name,
                "must be a time as in RFC 3339",
                text -> {
                    try {
                        return Optional.of(OffsetDateTime.parse(text).toInstant())
                                .filter(at -> !at.isBefore(Instant.EPOCH));
                    } catch (DateTimeException e) {
                        return Optional.empty();
                    }
                });
    }

    @Nullable Long number(String name) {
        return value(
                name,
                "must be the value of next in a page of the same list",
                text ->
                        text.matches("[0-9]{1,18}")
                                ? Optional.of(Long.parseLong(text))
                                : Optional.empty());
    }

    /** Whether it is there and true. */
    boolean flag(String name) {
        var given =
                value(
                        name,
                        "must be true or false",
                        text ->
                                switch (text) {
                                    case "true" -> Optional.of(true);
                                    case "false" -> Optional.of(false);
                                    default -> Optional.empty();
                                });
        return given != null && given;
    }

    int limit() {
        var limit =
                value(
                        "limit",
                        "must be a whole number from 1 to " + MAX_LIMIT,
                        text ->
                                text.matches("[0-9]{1,4}")
                                        ? Optional.of(Integer.parseInt(text))
                                                .filter(n -> n >= 1 && n <= MAX_LIMIT)
                                        : Optional.empty());
        return limit == null ? DEFAULT_LIMIT : limit;
    }

    <T> @Nullable T value(String name, String rule, Function<String, Optional<T>> read) {
        var text = ctx.queryParam(name);
        if (text == null) {
            return null;
        }
        return read.apply(text).orElseThrow(() -> AdminBody.fault(name, rule));
    }
}
