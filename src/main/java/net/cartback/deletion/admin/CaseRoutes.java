package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.cases.CaseId;
import net.cartback.deletion.cases.CaseView;
import net.cartback.deletion.cases.Cases;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.mail.MailView;
import net.cartback.deletion.recording.OutOfStep;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** Cases: what operators enter for people who ask otherwise than through Meta. */
public final class CaseRoutes implements Routes {

    private static final String CASES = "/admin/v1/cases";
    private static final String CASE = CASES + "/{case_id}";

    /** A mail that was not tried for so long is not being sent at all. */
    private static final Duration MAIL_PATIENCE = Duration.ofHours(1);

    private static final int MAX_BODY_BYTES = 64 * 1024;
    private static final List<String> COLUMNS =
            List.of(
                    "id",
                    "channel",
                    "right",
                    "on_behalf_of",
                    "received_at",
                    "entered_at",
                    "acknowledge_by",
                    "acknowledged_at",
                    "language",
                    "request_ids");

    private final Guard guard;
    private final Registry registry;
    private final Cases cases;
    private final boolean sendsMails;
    private final Workers workers;
    private final InstantSource clock;

    /**
     * @param sendsMails whether people can be told by mail
     * @param workers woken after a case has become requests
     */
    public CaseRoutes(
            Guard guard,
            Registry registry,
            Cases cases,
            boolean sendsMails,
            Workers workers,
            InstantSource clock) {
        this.guard = guard;
        this.registry = registry;
        this.cases = cases;
        this.sendsMails = sendsMails;
        this.workers = workers;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, CASES, guard.require(Role.VIEWER, this::list));
        Routes.read(routes, CASE, guard.require(Role.VIEWER, this::show));
        routes.post(CASES, guard.require(Role.OPERATOR, this::enter));
        routes.post(CASE + "/acknowledge", guard.require(Role.OPERATOR, this::acknowledge));
        routes.post(CASE + "/notify", guard.require(Role.OPERATOR, this::notify));
    }

    private void enter(Context ctx) {
        if (ctx.header(Idempotency.IDEMPOTENCY_KEY) == null) {
            throw AdminBody.fault(
                    Idempotency.IDEMPOTENCY_KEY,
                    "is required: sent again after a lost answer, it would be another case, and"
                            + " another request if the first is completed by then");
        }
        var body = AdminBody.of(ctx, MAX_BODY_BYTES, CaseBody.FIELDS);
        var note = body.note();
        var entered = new CaseBody(body, registry, sendsMails, clock.instant()).read();
        Cases.Entered told;
        try {
            told = cases.enter(entered, note);
        } catch (OutOfStep e) {
            throw ProblemException.unavailable(
                    "Nothing can be recorded here now; please try again",
                    ImportRoutes.WHEN_OUT_OF_STEP);
        } catch (SealBroken e) {
            if (!e.isKeyMissing()) {
                throw e;
            }
            // The code of a repeat: another replica has its key.
            throw ProblemException.unavailable(
                    "The confirmation code of this request cannot be read now; please try again",
                    ImportRoutes.WHEN_OUT_OF_STEP);
        }
        workers.wake();
        Idempotency.done(ctx);
        var json = json(told.view());
        var codes = json.putArray("requests");
        for (int i = 0; i < told.requests().size(); i++) {
            var request = told.requests().get(i);
            var code = request.code();
            codes.addObject()
                    .put("request_id", request.request().toString())
                    .put("app_id", entered.apps().get(i).id().value())
                    .put("confirmation_code", code == null ? null : code.value())
                    .put("created", request instanceof RecordedRequest.Created);
        }
        ctx.status(201).header("Location", CASES + "/" + told.view().id());
        SystemRoutes.answer(ctx, json);
    }

    private void acknowledge(Context ctx) {
        var body = AdminBody.of(ctx, "acknowledged_at");
        var at = body.instant("acknowledged_at");
        if (at != null && at.isAfter(clock.instant())) {
            throw AdminBody.fault("acknowledged_at", "must not be in the future");
        }
        var id = CaseId.parse(ctx.pathParam("case_id")).orElseThrow(CaseRoutes::unknown);
        switch (cases.acknowledge(id, at, body.note())) {
            case DONE -> {
                Idempotency.done(ctx);
                show(ctx);
            }
            case UNKNOWN -> throw unknown();
            case NOT_NOW ->
                    throw ProblemException.of(
                            409,
                            "not-now",
                            "The case is acknowledged already, or had not come by then");
        }
    }

    private void notify(Context ctx) {
        var body = AdminBody.of(ctx, CaseBody.CONTACT);
        if (body.field("notify").isMissingNode()) {
            throw AdminBody.fault("notify", "is required: an e-mail address, or null");
        }

        var id = CaseId.parse(ctx.pathParam("case_id")).orElseThrow(CaseRoutes::unknown);
        var before = cases.find(id).orElseThrow(CaseRoutes::unknown).language();
        var contact = CaseBody.contact(body, sendsMails, before);
        switch (cases.notify(id, contact, body.note())) {
            case DONE -> {
                Idempotency.done(ctx);
                show(ctx);
            }
            case UNKNOWN -> throw unknown();
            case NOT_NOW ->
                    throw ProblemException.of(
                            409, "not-now", "Who the person of this case is has been erased");
        }
    }

    private void list(Context ctx) {
        var parameters =
                new QueryParameters(
                        ctx, "unacknowledged", "mail_failed", "request", "order", "after", "limit");
        var request = parameters.uuid("request");
        var page =
                cases.list(
                        new Cases.Filter(
                                parameters.flag("unacknowledged"),
                                parameters.flag("mail_failed")
                                        ? clock.instant().minus(MAIL_PATIENCE)
                                        : null,
                                request == null ? null : new RequestId(request),
                                parameters.newestFirst()),
                        parameters.uuid("after"),
                        parameters.limit());
        PageAnswer.answer(
                ctx,
                "cases",
                COLUMNS,
                page.cases().stream().map(CaseRoutes::json).toList(),
                Optional.ofNullable(page.next()).map(Object::toString).orElse(null));
    }

    private void show(Context ctx) {
        var found =
                CaseId.parse(ctx.pathParam("case_id"))
                        .flatMap(cases::find)
                        .orElseThrow(CaseRoutes::unknown);
        SystemRoutes.answer(ctx, json(found));
    }

    private static ObjectNode json(CaseView one) {
        var onBehalfOf = one.onBehalfOf();
        var language = one.language();
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("id", one.id().toString())
                        .put("channel", one.channel().wireName())
                        .put("right", one.right().wireName())
                        .put("on_behalf_of", onBehalfOf == null ? null : onBehalfOf.wireName())
                        .put("received_at", one.receivedAt().toString())
                        .put("entered_at", one.enteredAt().toString())
                        .put("acknowledge_by", one.acknowledgeBy().toString())
                        .put("acknowledged_at", text(one.acknowledgedAt()))
                        .put("language", language == null ? null : language.tag());
        var requests = json.putArray("request_ids");
        one.requests().forEach(each -> requests.add(each.toString()));
        var mails = json.putArray("mails");
        one.mails().forEach(each -> mails.add(json(each)));
        return json;
    }

    private static ObjectNode json(MailView mail) {
        var error = mail.error();
        var request = mail.request();
        return JsonNodeFactory.instance
                .objectNode()
                .put("occasion", mail.occasion().wireName())
                .put("request_id", request == null ? null : request.toString())
                .put("created_at", mail.createdAt().toString())
                .put("attempts", mail.attempts())
                .put("next_attempt_at", text(mail.nextAttemptAt()))
                .put("sent_at", text(mail.sentAt()))
                .put("error", error == null ? null : error.wireName());
    }

    private static @Nullable String text(@Nullable Instant at) {
        return at == null ? null : at.toString();
    }

    private static ProblemException unknown() {
        return ProblemException.of(404, "unknown-case", "There is no case of this id");
    }
}
