package net.cartback.deletion.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.recording.IdImport;
import net.cartback.deletion.recording.IdList;
import net.cartback.deletion.recording.OutOfStep;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.terms.WireName;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.RequestBody;
import net.cartback.deletion.web.Routes;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** Takes lists of ids, on the management listener. */
public final class ImportRoutes implements Routes {

    static final Duration WHEN_OUT_OF_STEP = Duration.ofSeconds(5);
    private static final int MAX_BODY_BYTES = 8 * 1024 * 1024;

    /** So many are recorded in a minute; the command takes longer lists. */
    private static final int MAX_IDS = 100_000;

    private final Guard guard;
    private final Registry registry;
    private final IdImport idImport;
    private final Workers workers;

    /**
     * @param workers woken after each list that was recorded
     */
    public ImportRoutes(Guard guard, Registry registry, IdImport idImport, Workers workers) {
        this.guard = guard;
        this.registry = registry;
        this.idImport = idImport;
        this.workers = workers;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post("/admin/v1/imports", guard.require(Role.OPERATOR, this::run));
    }

    private void run(Context ctx) {
        var parameters = new QueryParameters(ctx, "app", "id_type", "since", "dry_run", "exact");
        var app =
                Optional.ofNullable(parameters.app())
                        .flatMap(registry::app)
                        .filter(each -> !each.retired())
                        .orElseThrow(
                                () ->
                                        AdminBody.fault(
                                                "app",
                                                "must be the id of a registered app that is not"
                                                        + " retired"));
        var type =
                parameters.value(
                        "id_type",
                        "must be app_scoped_user_id, page_scoped_user_id or meta_user_id",
                        text -> WireName.find(IdType.class, text));
        boolean dryRun = parameters.flag("dry_run");
        boolean exact = parameters.flag("exact");
        var since = Optional.ofNullable(parameters.instant("since")).orElse(idImport.usualSince());
        if (!idImport.mayLookBackTo(since)) {
            throw AdminBody.fault("since", "must be in the last 90 days");
        }
        var kind = type == null ? IdType.META_USER_ID : type;
        var result = taken(ctx, app, kind, list(ctx, app, exact), since, dryRun);
        if (dryRun) {
            Guard.counted(ctx);
        } else {
            workers.wake();
        }
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("ids", result.ids())
                        .put("created", result.created())
                        .put("repeated", result.repeated());
        var requests = json.putArray("requests");
        for (var each : result.requests()) {
            requests.addObject()
                    .put("request_id", each.request().toString())
                    .put("created", each.created());
        }
        SystemRoutes.answer(ctx, json);
    }

    private IdImport.Result taken(
            Context ctx, MetaApp app, IdType type, IdList list, Instant since, boolean dryRun) {
        try {
            return idImport.run(app, type, list, since, dryRun, Guard.caller(ctx).actor())
                    .orElseThrow(
                            () ->
                                    ProblemException.of(
                                            409, "not-now", "Another import of ids is running"));
        } catch (OutOfStep e) {
            throw ProblemException.unavailable(
                    "Nothing can be recorded here now; please try again", WHEN_OUT_OF_STEP);
        }
    }

    private static IdList list(Context ctx, MetaApp app, boolean exact) {
        try {
            var text = new String(RequestBody.read(ctx, MAX_BODY_BYTES), UTF_8);
            var list = IdList.read(text, app.id(), MAX_IDS, exact);
            if (!list.wrongLines().isEmpty()) {
                throw AdminBody.fault("body", "holds no id in line " + list.wrongLines());
            }
            return list;
        } catch (IllegalArgumentException e) {
            throw AdminBody.fault("body", String.valueOf(e.getMessage()));
        }
    }
}
