package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.operation.OperatorVerbs;
import net.cartback.deletion.reading.Deliveries;
import net.cartback.deletion.reading.DeliveryView;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * {@code /admin/v1/deliveries}: deliveries with their history, and the verbs that concern one of
 * them. Nothing here says who the person is.
 */
public final class DeliveryRoutes implements Routes {

    private static final String DELIVERIES = "/admin/v1/deliveries";
    private static final String DELIVERY = DELIVERIES + "/{delivery_id}";

    private final Guard guard;
    private final Registry registry;
    private final Deliveries records;
    private final OperatorVerbs verbs;
    private final Workers workers;

    /**
     * @param workers woken after each verb that may have made a delivery due
     */
    public DeliveryRoutes(
            Guard guard,
            Registry registry,
            Deliveries records,
            OperatorVerbs verbs,
            Workers workers) {
        this.guard = guard;
        this.registry = registry;
        this.records = records;
        this.verbs = verbs;
        this.workers = workers;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, DELIVERIES, guard.require(Role.VIEWER, this::list));
        Routes.read(routes, DELIVERY, guard.require(Role.VIEWER, this::show));
        routes.post(
                DELIVERY + "/retry",
                guard.require(
                        Role.OPERATOR,
                        ctx -> {
                            done(ctx, verbs.retry(delivery(ctx), AdminBody.of(ctx).note()));
                            workers.wake();
                        }));
        routes.post(
                DELIVERY + "/unpark",
                guard.require(
                        Role.OPERATOR,
                        ctx -> {
                            done(ctx, verbs.unpark(delivery(ctx), AdminBody.of(ctx).note()));
                            workers.wake();
                        }));
        routes.post(
                DELIVERY + "/record",
                guard.require(
                        Role.OPERATOR,
                        ctx -> {
                            var body = AdminBody.of(ctx, "outcome", "retained", "ground");
                            done(ctx, verbs.record(delivery(ctx), body.answer(), body.note()));
                        }));
        routes.post(
                DELIVERY + "/amend",
                guard.require(
                        Role.OPERATOR,
                        ctx -> {
                            var body = AdminBody.of(ctx, "outcome", "retained", "ground");
                            done(ctx, verbs.amend(delivery(ctx), body.answer(), body.note()));
                        }));
        routes.post(
                DELIVERY + "/close-unconfirmed",
                guard.require(
                        Role.OPERATOR,
                        ctx ->
                                done(
                                        ctx,
                                        verbs.closeUnconfirmed(
                                                delivery(ctx), AdminBody.of(ctx).note()))));
    }

    private void list(Context ctx) {
        var parameters =
                new QueryParameters(ctx, "request", "system", "state", "order", "after", "limit");
        var request = parameters.uuid("request");
        if (request != null) {
            answer(ctx, records.deliveries(new RequestId(request)), null);
            return;
        }
        var state =
                parameters.value(
                        "state",
                        "must be pending, in_flight, awaiting_receipt or parked: closed ones are"
                                + " found by their request",
                        text ->
                                Arrays.stream(DeliveryView.State.values())
                                        .filter(each -> each != DeliveryView.State.CLOSED)
                                        .filter(each -> each.wireName().equals(text))
                                        .findFirst());
        var filter =
                new Deliveries.Filter(parameters.system(registry), state, parameters.newestFirst());
        var after =
                parameters.value(
                        "after",
                        "must be the value of next in a page of the same list",
                        text -> DeliveryView.Cursor.parse(text).filter(filter::holds));
        int limit = parameters.limit();
        var page = records.deliveries(filter, after, limit);
        answer(ctx, page, page.size() < limit ? null : page.getLast().place());
    }

    private static void answer(
            Context ctx, List<DeliveryView> deliveries, DeliveryView.@Nullable Cursor next) {
        var json = JsonNodeFactory.instance.objectNode();
        var list = json.putArray("deliveries");
        deliveries.forEach(each -> list.add(json(each)));
        json.put("next", next == null ? null : next.toString());
        SystemRoutes.answer(ctx, json);
    }

    private void show(Context ctx) {
        var history = records.history(delivery(ctx)).orElseThrow(DeliveryRoutes::unknown);
        var json = json(history.delivery());
        var attempts = json.putArray("attempt_log");
        for (var each : history.attempts()) {
            attempts.addObject()
                    .put("number", each.number())
                    .put("started_at", each.startedAt().toString())
                    .put("duration_ms", each.duration().toMillis())
                    .put("reply", each.reply())
                    .put("error", each.error())
                    .put("status", each.status())
                    .put("answer", each.answer())
                    .put("rule", each.rule());
        }
        var answers = json.putArray("answers");
        for (var each : history.answers()) {
            var answer = answers.addObject();
            answer.put("standing", each.standing())
                    .put("basis", each.basis().wireName())
                    .put("at", each.at().toString())
                    .put("outcome", each.answer().outcome().wireName());
            var ground = each.answer().ground();
            answer.put("ground", ground == null ? null : ground.wireName());
            var retained = answer.putArray("retained");
            for (var kept : each.answer().retained()) {
                var until = kept.until();
                retained.addObject()
                        .put("category", kept.category().wireName())
                        .put("ground", kept.ground().wireName())
                        .put("until", until == null ? null : until.toString());
            }
        }
        put(json.putArray("actions"), history.actions());
        SystemRoutes.answer(ctx, json);
    }

    static void put(ArrayNode actions, List<DeliveryView.ActionView> done) {
        for (var each : done) {
            var note = each.note();
            actions.addObject()
                    .put("at", each.at().toString())
                    .put("verb", each.verb())
                    .put("deliveries", each.deliveries())
                    .put("actor", note == null ? null : note.actor().toString())
                    .put("by", note == null ? null : note.by())
                    .put("why", note == null ? null : note.why());
        }
    }

    private void done(Context ctx, OperatorVerbs.Verdict verdict) {
        switch (verdict) {
            case DONE -> {
                Idempotency.done(ctx);
                show(ctx);
            }
            case UNKNOWN -> throw unknown();
            case NOT_NOW -> throw ProblemException.of(409, "not-now", whyNotNow(ctx));
        }
    }

    /** What the delivery is instead, and which verb would help. */
    private String whyNotNow(Context ctx) {
        var delivery =
                records.history(delivery(ctx)).orElseThrow(DeliveryRoutes::unknown).delivery();
        boolean closed = delivery.state() == DeliveryView.State.CLOSED;
        if (!closed && ctx.path().endsWith("/close-unconfirmed")) {
            return "The delivery is a notice and ends by itself, or its request is under a legal"
                    + " hold; release ends the hold";
        }
        if (ctx.path().endsWith("/amend")) {
            return "The delivery has no answer to amend; record enters an answer";
        }
        if (delivery.kind() == Kind.DEAUTHORIZATION) {
            return "The delivery is a notice; it has no answer, and ends by itself";
        }
        return switch (delivery.state()) {
            case PENDING ->
                    "The delivery waits for its next try; retry makes it due now, and record enters"
                            + " an answer";
            case IN_FLIGHT -> "The delivery is on its way; look again when the call has ended";
            case AWAITING_RECEIPT ->
                    "The delivery was accepted and waits for its receipt; retry sends it again, and"
                            + " record enters an answer";
            case PARKED ->
                    "The delivery is parked; unpark sends it again, and record enters an answer";
            case CLOSED ->
                    "The delivery is closed; amend corrects its answer. To send it afresh, use"
                            + " redeliver of its system: it sends all that closed since a time";
        };
    }

    private static DeliveryId delivery(Context ctx) {
        return DeliveryId.parse(ctx.pathParam("delivery_id")).orElseThrow(DeliveryRoutes::unknown);
    }

    private static ProblemException unknown() {
        return ProblemException.of(404, "unknown-delivery", "There is no delivery of this id");
    }

    static ObjectNode json(DeliveryView delivery) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", delivery.id().toString())
                .put("request_id", delivery.request().toString())
                .put("system_id", delivery.system().value())
                .put("app_id", delivery.app().value())
                .put("kind", delivery.kind().wireName())
                .put("state", delivery.state().wireName())
                .put("outcome", delivery.outcome())
                .put("round", delivery.round())
                .put("attempts", delivery.attempts())
                .put("reminders", delivery.reminders())
                .put("reason", delivery.reason())
                .put("next_attempt_at", text(delivery.nextAttemptAt()))
                .put("created_at", delivery.createdAt().toString())
                .put("closed_at", text(delivery.closedAt()))
                .put("due_at", delivery.dueAt().toString());
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
