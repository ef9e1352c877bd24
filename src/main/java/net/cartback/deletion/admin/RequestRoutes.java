package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.operation.OperatorVerbs.Verdict;
import net.cartback.deletion.operation.RequestVerbs;
import net.cartback.deletion.reading.Deliveries;
import net.cartback.deletion.reading.Requests;
import net.cartback.deletion.reading.Requests.Filter;
import net.cartback.deletion.reading.Requests.Summary;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.Verb;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/**
 * Requests as operators look for them, and what they do with one as a whole, on the management
 * listener.
 */
public final class RequestRoutes implements Routes {

    private static final String REQUESTS = "/admin/v1/requests";
    private static final String REQUEST = REQUESTS + "/{request_id}";
    private static final List<String> COLUMNS =
            List.of(
                    "id",
                    "kind",
                    "app_id",
                    "platform",
                    "state",
                    "requested_at",
                    "received_at",
                    "due_at",
                    "completed_at",
                    "open_deliveries",
                    "erased",
                    "hold_ground",
                    "hold_since",
                    "was_due_at");

    private final Guard guard;
    private final Registry registry;
    private final Requests requests;
    private final Deliveries records;
    private final RequestVerbs verbs;
    private final Workers workers;
    private final InstantSource clock;

    /**
     * @param workers woken after a hold has ended
     */
    public RequestRoutes(
            Guard guard,
            Registry registry,
            Requests requests,
            Deliveries records,
            RequestVerbs verbs,
            Workers workers,
            InstantSource clock) {
        this.guard = guard;
        this.registry = registry;
        this.requests = requests;
        this.records = records;
        this.verbs = verbs;
        this.workers = workers;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, REQUESTS, guard.require(Role.VIEWER, this::list));
        Routes.read(routes, REQUEST, guard.require(Role.VIEWER, this::show));
        routes.post(REQUEST + "/hold", guard.require(Role.OPERATOR, this::hold));
        routes.post(REQUEST + "/release", guard.require(Role.OPERATOR, this::release));
        routes.post(REQUEST + "/extend", guard.require(Role.OPERATOR, this::extend));
        routes.post(
                REQUEST + "/close-unconfirmed",
                guard.require(
                        Role.OPERATOR,
                        ctx ->
                                done(
                                        ctx,
                                        Verb.UNCONFIRMED,
                                        verbs.closeUnconfirmed(
                                                id(ctx), AdminBody.of(ctx).note()))));
    }

    private void hold(Context ctx) {
        var body = AdminBody.of(ctx, "ground");
        var ground = body.word("ground", Ground.values(), each -> !each.isOnlyForRefusals());
        done(ctx, Verb.HOLD, verbs.hold(id(ctx), ground, body.note()));
    }

    private void release(Context ctx) {
        done(ctx, Verb.RELEASE, verbs.release(id(ctx), AdminBody.of(ctx).note()));
        workers.wake();
    }

    private void extend(Context ctx) {
        var body = AdminBody.of(ctx, "ground", "days");
        var ground = body.word("ground", ExtensionGround.values(), each -> true);
        int days = body.days(RequestVerbs.MAX_EXTENSION_DAYS);
        done(ctx, Verb.EXTEND, verbs.extend(id(ctx), ground, days, body.note()));
    }

    private void done(Context ctx, Verb verb, Verdict verdict) {
        switch (verdict) {
            case DONE -> {
                Idempotency.done(ctx);
                show(ctx);
            }
            case UNKNOWN -> throw unknown();
            case NOT_NOW -> throw ProblemException.of(409, "not-now", whyNotNow(ctx, verb));
        }
    }

    /** What the request is instead, and which verb would help. */
    private String whyNotNow(Context ctx, Verb verb) {
        var request = requests.find(id(ctx)).orElseThrow(RequestRoutes::unknown);
        if (request.kind() == Kind.DEAUTHORIZATION) {
            return "The request is a notice, which asks for nothing and ends by itself";
        }
        if (verb == Verb.HOLD) {
            return request.erased()
                    ? "The request is erased: there is nothing left to hold"
                    : "The request is under a legal hold already; release ends it";
        }
        if (verb == Verb.RELEASE) {
            return "The request is under no legal hold";
        }
        if (request.closedAt() != null) {
            return "The request is completed; amend on a delivery corrects the answer of its"
                    + " system";
        }
        if (verb == Verb.EXTEND) {
            return request.wasDueAt() == null
                    ? "The request was due at "
                            + request.dueAt()
                            + "; a request can be extended only before it is due"
                    : "The request was extended before, and can be extended once";
        }
        return request.hold() == null
                ? "The request has open deliveries, or its app has a system that can be asked;"
                        + " close-unconfirmed of a"
                        + " system or of a delivery closes open deliveries"
                : "The request is under a legal hold; release ends it";
    }

    private static RequestId id(Context ctx) {
        return SystemRoutes.uuid(ctx.pathParam("request_id"))
                .map(RequestId::new)
                .orElseThrow(RequestRoutes::unknown);
    }

    private void list(Context ctx) {
        var parameters =
                new QueryParameters(
                        ctx, "state", "app", "system", "from", "to", "code", "order", "after",
                        "limit");
        var code = parameters.value("code", "must be a confirmation code", ConfirmationCode::typed);
        if (code != null) {
            answer(ctx, requests.find(code).stream().toList(), null);
            return;
        }
        var state =
                parameters.value(
                        "state",
                        "must be open, overdue or completed",
                        text ->
                                Optional.of(text)
                                        .filter(List.of("open", "overdue", "completed")::contains));
        var filter =
                new Filter(
                        state == null ? null : !state.equals("completed"),
                        "overdue".equals(state) ? clock.instant() : null,
                        parameters.app(registry),
                        parameters.system(registry),
                        parameters.instant("from"),
                        parameters.instant("to"),
                        parameters.newestFirst());
        var page = requests.list(filter, parameters.uuid("after"), parameters.limit());
        answer(
                ctx,
                page.requests(),
                Optional.ofNullable(page.next()).map(Object::toString).orElse(null));
    }

    private static void answer(Context ctx, List<Summary> found, @Nullable String next) {
        PageAnswer.answer(
                ctx, "requests", COLUMNS, found.stream().map(RequestRoutes::json).toList(), next);
    }

    private void show(Context ctx) {
        var id = id(ctx);
        var json = json(requests.find(id).orElseThrow(RequestRoutes::unknown));
        var deliveries = json.putArray("deliveries");
        records.deliveries(id).forEach(each -> deliveries.add(DeliveryRoutes.json(each)));
        DeliveryRoutes.put(json.putArray("actions"), records.actions(id));
        SystemRoutes.answer(ctx, json);
    }

    private static ObjectNode json(Summary request) {
        var closedAt = request.closedAt();
        var hold = request.hold();
        var wasDueAt = request.wasDueAt();
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", request.id().toString())
                .put("kind", request.kind().wireName())
                .put("app_id", request.app().value())
                .put("platform", request.platform())
                .put("state", closedAt == null ? "open" : "completed")
                .put("requested_at", request.requestedAt().toString())
                .put("received_at", request.receivedAt().toString())
                .put("due_at", request.dueAt().toString())
                .put("completed_at", closedAt == null ? null : closedAt.toString())
                .put("open_deliveries", request.openDeliveries())
                .put("erased", request.erased())
                .put("hold_ground", hold == null ? null : hold.ground().wireName())
                .put("hold_since", hold == null ? null : hold.since().toString())
                .put("was_due_at", wasDueAt == null ? null : wasDueAt.toString());
    }

    private static ProblemException unknown() {
        return ProblemException.of(404, "unknown-request", "There is no request of this id");
    }
}
