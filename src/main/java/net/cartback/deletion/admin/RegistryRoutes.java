package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.registry.RegistryView;
import net.cartback.deletion.registry.RegistryView.Entry;
import net.cartback.deletion.registry.RegistryView.Kind;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import java.util.Optional;

/**
 * Apps, client systems, their secrets and who serves whom, on the management listener: read back
 * without secrets, and changed entry by entry, each under the version that was read (RFC 9110,
 * section 13.1).
 */
public final class RegistryRoutes implements Routes {

    private static final String REGISTRY = "/admin/v1/registry/";
    private static final int MAX_BODY_BYTES = 64 * 1024;

    private final Guard guard;
    private final Registry registry;
    private final boolean plainHttp;
    private final Runnable changed;

    /**
     * @param plainHttp whether a system may have an {@code http} address at all
     * @param changed told after each change
     */
    public RegistryRoutes(Guard guard, Registry registry, boolean plainHttp, Runnable changed) {
        this.guard = guard;
        this.registry = registry;
        this.plainHttp = plainHttp;
        this.changed = changed;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        for (var kind : Kind.values()) {
            var one = REGISTRY + kind.list() + (kind == Kind.APP ? "/{app_id}" : "/{system_id}");
            Routes.read(
                    routes,
                    REGISTRY + kind.list(),
                    guard.require(Role.VIEWER, ctx -> list(ctx, kind)));
            Routes.read(routes, one, guard.require(Role.VIEWER, ctx -> show(ctx, kind)));
            routes.patch(one, guard.require(Role.ADMIN, ctx -> change(ctx, kind)));
        }
    }

    private void list(Context ctx, Kind kind) {
        var parameters = new QueryParameters(ctx, "retired", "after", "limit");
        boolean retired = parameters.flag("retired");
        var after =
                parameters.value(
                        "after",
                        "must be the value of next in a page of the same list",
                        text -> Optional.of(text).filter(ClientSystemId::isValid));
        int limit = parameters.limit();
        var entries = registry.entries(kind, retired, after == null ? "" : after, limit);
        var json = JsonNodeFactory.instance.objectNode();
        var list = json.putArray(kind.list());
        entries.forEach(each -> list.add(each.json()));
        SystemRoutes.answer(
                ctx,
                json.put(
                        "next",
                        entries.size() < limit
                                ? null
                                : entries.getLast().json().get("id").textValue()));
    }

    private void show(Context ctx, Kind kind) {
        answer(
                ctx,
                registry.entry(kind, id(ctx, kind))
                        .orElseThrow(
                                () ->
                                        ProblemException.of(
                                                404,
                                                "unknown-entry",
                                                "No entry with this id is registered")));
    }

    private void change(Context ctx, Kind kind) {
        var id = id(ctx, kind);
        var version = expected(ctx);
        var fields = AdminBody.object(ctx, MAX_BODY_BYTES);
        if (fields.has("id")) {
            throw AdminBody.fault("id", "must not be in the body; the address holds it");
        }
        try {
            var entry =
                    registry.change(
                            kind, id, fields, version, plainHttp, Guard.caller(ctx).actor());
            changed.run();
            ctx.status(version.isEmpty() ? 201 : 200);
            answer(ctx, entry);
        } catch (RegistryView.Stale e) {
            throw ProblemException.of(
                    412, "stale", "The entry has a different version now; read it again");
        } catch (InvalidRegistry e) {
            throw ProblemException.of(400, "malformed", String.join("; ", e.faults()));
        }
    }

    /** The version that the caller has read; empty: none, it shall be new. */
    private static String expected(Context ctx) {
        if ("*".equals(ctx.header("If-None-Match"))) {
            return "";
        }
        var match = ctx.header("If-Match");
        if (match != null && match.matches("\"[0-9a-f]{32}\"")) {
            return match.substring(1, match.length() - 1);
        }
        throw match == null
                ? ProblemException.withField(
                        428,
                        "precondition-required",
                        "If-Match",
                        "If-Match is required, with the ETag that was read; for a new entry,"
                                + " If-None-Match: *")
                : ProblemException.of(
                        412, "stale", "The entry has a different version now; read it again");
    }

    private static void answer(Context ctx, Entry entry) {
        ctx.header("ETag", '"' + entry.version() + '"');
        SystemRoutes.answer(ctx, entry.json());
    }

    /** The id in the path. A malformed id gets the same answer as an unknown one. */
    private static String id(Context ctx, Kind kind) {
        var id = ctx.pathParam(kind == Kind.APP ? "app_id" : "system_id");
        boolean valid = kind == Kind.APP ? MetaAppId.isValid(id) : ClientSystemId.isValid(id);
        if (!valid) {
            throw ProblemException.of(404, "unknown-entry", "No entry with this id is registered");
        }
        return id;
    }
}
