package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.operation.BulkVerbs;
import net.cartback.deletion.operation.OperatorVerbs;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.reading.Backlog;
import net.cartback.deletion.reading.Backlogs;
import net.cartback.deletion.reading.Deliveries;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.IntSupplier;

/**
 * {@code /admin/v1/systems}: client systems, what waits for them, and the verbs that concern one as
 * a whole. No client system is called from here.
 */
public final class SystemRoutes implements Routes {

    private static final String SYSTEMS = "/admin/v1/systems";
    private static final String SYSTEM = SYSTEMS + "/{system_id}";

    private final Guard guard;
    private final Registry registry;
    private final Backlogs backlogs;
    private final Deliveries records;
    private final OperatorVerbs verbs;
    private final BulkVerbs bulk;
    private final TestDeliveries tests;
    private final Workers workers;

    /**
     * @param workers woken after each verb that may have made deliveries due
     */
    public SystemRoutes(
            Guard guard,
            Registry registry,
            Backlogs backlogs,
            Deliveries records,
            OperatorVerbs verbs,
            BulkVerbs bulk,
            TestDeliveries tests,
            Workers workers) {
        this.guard = guard;
        this.registry = registry;
        this.backlogs = backlogs;
        this.records = records;
        this.verbs = verbs;
        this.bulk = bulk;
        this.tests = tests;
        this.workers = workers;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, SYSTEMS, guard.require(Role.VIEWER, this::list));
        Routes.read(routes, SYSTEM, guard.require(Role.VIEWER, this::show));
        Routes.read(routes, SYSTEM + "/actions", guard.require(Role.VIEWER, this::actions));
        routes.post(SYSTEM + "/pause", guard.require(Role.OPERATOR, this::pause));
        routes.post(SYSTEM + "/resume", guard.require(Role.OPERATOR, this::resume));
        routes.post(SYSTEM + "/replay", guard.require(Role.OPERATOR, this::replay));
        routes.post(SYSTEM + "/redeliver", guard.require(Role.OPERATOR, this::redeliver));
        routes.post(
                SYSTEM + "/close-unconfirmed",
                guard.require(Role.OPERATOR, this::closeUnconfirmed));
        routes.post(SYSTEM + "/tests", guard.require(Role.OPERATOR, this::test));
        Routes.read(
                routes, SYSTEM + "/tests/{test_id}", guard.require(Role.VIEWER, this::showTest));
    }

    private void list(Context ctx) {
        var json = JsonNodeFactory.instance.objectNode();
        var systems = json.putArray("systems");
        for (var each : backlogs.bySystem()) {
            systems.add(json(each));
        }
        answer(ctx, json);
    }

    private void show(Context ctx) {
        answer(ctx, json(backlogs.of(system(ctx)).orElseThrow(SystemRoutes::unknown)));
    }

    private void actions(Context ctx) {
        var json = JsonNodeFactory.instance.objectNode();
        DeliveryRoutes.put(json.putArray("actions"), records.actions(system(ctx)));
        answer(ctx, json);
    }

    private void pause(Context ctx) {
        var system = system(ctx);
        if (!verbs.pause(system, AdminBody.of(ctx).note())) {
            throw ProblemException.of(
                    409, "paused-already", "The system is paused already; resume ends it");
        }
        Idempotency.done(ctx);
        show(ctx);
    }

    private void resume(Context ctx) {
        var system = system(ctx);
        if (!verbs.resume(system, AdminBody.of(ctx).note())) {
            throw ProblemException.of(
                    409,
                    "not-held",
                    "The system is not held back. replay sends now the deliveries that wait for a"
                            + " later attempt or are parked; tests shows whether the system"
                            + " answers");
        }
        Idempotency.done(ctx);
        workers.wake();
        show(ctx);
    }

    private void replay(Context ctx) {
        var system = system(ctx);
        var body = AdminBody.of(ctx, "from", "to", "states", "error", "dry_run");
        var replay = body.replay();
        many(
                ctx,
                body,
                () -> bulk.countReplay(system, replay),
                (id, note) -> bulk.replay(id, replay, note),
                system);
    }

    private void redeliver(Context ctx) {
        var system = system(ctx);
        var body = AdminBody.of(ctx, "closed_since", "dry_run");
        var since = body.requiredInstant("closed_since");
        many(
                ctx,
                body,
                () -> bulk.countRedeliver(system, since),
                (id, note) -> bulk.redeliver(id, since, note),
                system);
    }

    private void closeUnconfirmed(Context ctx) {
        var system = system(ctx);
        many(
                ctx,
                AdminBody.of(ctx, "dry_run"),
                () -> bulk.countUnanswered(system),
                bulk::closeUnconfirmed,
                system);
    }

    private void many(
            Context ctx,
            AdminBody body,
            IntSupplier count,
            BiFunction<ClientSystemId, OperatorNote, Integer> verb,
            ClientSystemId system) {
        var note = body.note();
        boolean dryRun = body.isDryRun();
        int deliveries = dryRun ? count.getAsInt() : verb.apply(system, note);
        if (dryRun) {
            Guard.counted(ctx);
        } else {
            workers.wake();
        }
        answer(
                ctx,
                JsonNodeFactory.instance
                        .objectNode()
                        .put("deliveries", deliveries)
                        .put("dry_run", dryRun));
    }

    private void test(Context ctx) {
        var system = system(ctx);
        var id = tests.ask(system, AdminBody.of(ctx).note());
        workers.wake();
        var path = SYSTEMS + "/" + system + "/tests/" + id;
        ctx.header("Location", path);
        answer(
                ctx.status(202),
                JsonNodeFactory.instance
                        .objectNode()
                        .put("test_id", id.toString())
                        .put("path", path));
    }

    private void showTest(Context ctx) {
        var system = system(ctx);
        var test =
                uuid(ctx.pathParam("test_id"))
                        .flatMap(id -> tests.find(system, id))
                        .orElseThrow(
                                () ->
                                        ProblemException.of(
                                                404,
                                                "unknown-test",
                                                "There is no test of this id; tests are kept for a"
                                                        + " week"));
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("test_id", test.id().toString())
                        .put("system_id", test.system().value())
                        .put("state", test.steps() == null ? "waiting" : "done");
        var steps = json.putArray("steps");
        if (test.steps() != null) {
            test.steps().forEach(each -> put(steps, each));
            put(
                    steps,
                    test.receipt() == null
                            ? new TestDeliveries.Step("receipt", null, "no receipt has arrived yet")
                            : test.receipt());
        }
        answer(ctx, json);
    }

    private static void put(ArrayNode steps, TestDeliveries.Step step) {
        steps.addObject()
                .put("step", step.step())
                .put("ok", step.ok())
                .put("detail", step.detail());
    }

    private ClientSystemId system(Context ctx) {
        return Optional.of(ctx.pathParam("system_id"))
                .filter(ClientSystemId::isValid)
                .map(ClientSystemId::new)
                .filter(id -> registry.system(id).isPresent())
                .orElseThrow(SystemRoutes::unknown);
    }

    private static ProblemException unknown() {
        return ProblemException.of(
                404, "unknown-system", "No client system of this id is registered");
    }

    private static ObjectNode json(Backlog backlog) {
        var until = backlog.heldUntil();
        return JsonNodeFactory.instance
                .objectNode()
                .put("id", backlog.system().value())
                .put("name", backlog.name())
                .put(
                        "held_reason",
                        backlog.heldReason() == null ? null : backlog.heldReason().wireName())
                .put("held_until", until == null ? null : until.toString())
                .put("pending", backlog.pending())
                .put("awaiting_receipt", backlog.awaitingReceipt())
                .put("silent", backlog.silent())
                .put("parked", backlog.parked())
                .put("lag_seconds", backlog.lag().toSeconds());
    }

    static Optional<UUID> uuid(String text) {
        try {
            return text.length() == 36 ? Optional.of(UUID.fromString(text)) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    static void answer(Context ctx, @Nullable ObjectNode json) {
        ctx.contentType("application/json").result(String.valueOf(json));
    }
}
