package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.audit.AuditTrail;
import net.cartback.deletion.audit.AuditTrail.Entry;
import net.cartback.deletion.audit.AuditTrail.Filter;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** The audit trail, read on the management listener. */
public final class AuditRoutes implements Routes {

    private static final List<String> COLUMNS =
            List.of(
                    "id",
                    "at",
                    "actor",
                    "event",
                    "app_id",
                    "system_id",
                    "request_id",
                    "delivery_id",
                    "detail",
                    "deliveries");

    private final Guard guard;
    private final Registry registry;
    private final AuditTrail trail;

    public AuditRoutes(Guard guard, Registry registry, AuditTrail trail) {
        this.guard = guard;
        this.registry = registry;
        this.trail = trail;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, "/admin/v1/audit", guard.require(Role.VIEWER, this::list));
    }

    private void list(Context ctx) {
        var parameters =
                new QueryParameters(
                        ctx,
                        "actor",
                        "event",
                        "app",
                        "system",
                        "request",
                        "delivery",
                        "from",
                        "order",
                        "after",
                        "limit");
        var filter =
                new Filter(
                        word(parameters, "actor"),
                        event(parameters),
                        id(parameters.app(), MetaAppId::value),
                        id(parameters.system(), ClientSystemId::value),
                        parameters.uuid("request"),
                        parameters.uuid("delivery"),
                        parameters.instant("from"),
                        parameters.newestFirst());
        var after = parameters.number("after");
        var page = trail.list(filter, after, parameters.limit());
        if (page.entries().isEmpty() && page.next() == null && after == null) {
            // What has been dropped from the registry is still named in the trail.
            var _ = parameters.app(registry);
            var _ = parameters.system(registry);
        }
        var next = page.next();
        PageAnswer.answer(
                ctx,
                "entries",
                COLUMNS,
                page.entries().stream().map(AuditRoutes::json).toList(),
                next == null ? null : next.toString());
    }

    private static @Nullable String word(QueryParameters parameters, String name) {
        return parameters.value(
                name,
                "must be an actor as this API returns it",
                text -> Optional.of(text).filter(each -> each.matches("[a-z0-9:_.-]{1,100}")));
    }

    private static @Nullable String event(QueryParameters parameters) {
        return parameters.value(
                "event",
                "must be the name of an event, such as operator.pause or system.changed; all of"
                        + " them are in openapi.yaml, under Event",
                text -> Optional.of(text).filter(AuditTrail.EVENTS::contains));
    }

    private static <T> @Nullable String id(@Nullable T value, Function<T, String> text) {
        return value == null ? null : text.apply(value);
    }

    private static ObjectNode json(Entry entry) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", entry.id())
                .put("at", entry.at().toString())
                .put("actor", entry.actor())
                .put("event", entry.event())
                .put("app_id", entry.app())
                .put("system_id", entry.system())
                .put("request_id", id(entry.request(), Object::toString))
                .put("delivery_id", id(entry.delivery(), Object::toString))
                .put("detail", entry.detail())
                .put("deliveries", entry.deliveries());
    }
}
