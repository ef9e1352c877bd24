package net.cartback.deletion.receipt;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.crypto.StandardWebhooks;
import net.cartback.deletion.ledger.Ledger;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Refusals;
import net.cartback.deletion.web.RequestBody;
import net.cartback.deletion.web.Routes;

import java.time.InstantSource;
import java.util.Optional;

/**
 * {@code POST /receipts/{delivery_id}}: a client system says what it did, signed as Standard
 * Webhooks 1.0.0 says, with a secret of the system that the delivery went to and no other.
 */
public final class ReceiptRoutes implements Routes {

    private static final int MAX_BODY_BYTES = 16 * 1024;

    private final Registry registry;
    private final Ledger ledger;
    private final TestDeliveries tests;
    private final InstantSource clock;
    private final GuessLimiter guesses;

    /**
     * @param guesses slows down who guesses ids or signatures
     */
    public ReceiptRoutes(
            Registry registry,
            Ledger ledger,
            TestDeliveries tests,
            InstantSource clock,
            GuessLimiter guesses) {
        this.guesses = guesses;
        this.registry = registry;
        this.ledger = ledger;
        this.tests = tests;
        this.clock = clock;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post("/receipts/{delivery_id}", this::post);
    }

    private void post(Context ctx) {
        var body = RequestBody.read(ctx, MAX_BODY_BYTES);
        var delivery =
                DeliveryId.parse(ctx.pathParam("delivery_id"))
                        .orElseThrow(ReceiptRoutes::unknownDelivery);
        var real = ledger.systemOf(delivery).flatMap(registry::system);
        if (real.isEmpty()) {
            postOfTest(ctx, delivery, body);
            return;
        }
        var system = real.get();
        verify(ctx, delivery, system, body);
        var answer = answer(delivery, body);
        switch (ledger.answer(delivery, answer, body)) {
            case RECORDED, REPEATED -> ctx.status(204);
            case CONTRADICTED ->
                    throw ProblemException.of(
                            409,
                            "contradiction",
                            "Another answer was recorded before and stays; an operator will look"
                                    + " at the difference");
            case UNKNOWN -> throw unknownDelivery();
        }
    }

    /**
     * The receipt of a test delivery follows the same rules, so that a client system can test its
     * signatures. It concerns no person.
     */
    private void postOfTest(Context ctx, DeliveryId test, byte[] body) {
        var system =
                tests.systemOf(test)
                        .flatMap(registry::system)
                        .orElseThrow(() -> guesses.after(ctx, unknownDelivery()));
        try {
            verify(ctx, test, system, body);
            tests.received(test, true, "outcome " + answer(test, body).outcome().wireName());
            ctx.status(204);
        } catch (ProblemException e) {
            tests.received(test, false, "refused: " + e.getMessage());
            throw e;
        }
    }

    private void verify(Context ctx, DeliveryId delivery, ClientSystem system, byte[] body) {
        Refusals.concernsSystem(ctx, system.id());
        Refusals.concernsDelivery(ctx, delivery);
        var now = clock.instant();
        var secrets = system.activeSecrets(now);
        if (secrets.isEmpty()) {
            throw unauthenticated(
                    "webhook-signature", "cannot be verified: no secret of the system is in force");
        }
        var id = ctx.header("webhook-id");
        var verdict =
                StandardWebhooks.verify(
                        id,
                        ctx.header("webhook-timestamp"),
                        ctx.header("webhook-signature"),
                        body,
                        secrets,
                        now);
        switch (verdict) {
            case VALID -> {
                // The signature covers the header's id, not the address that it was posted to.
                if (!DeliveryId.parse(String.valueOf(id)).equals(Optional.of(delivery))) {
                    throw unauthenticated("webhook-id", "must be the id of this delivery");
                }
            }
            case MISSING_HEADER ->
                    throw unauthenticated(
                            "webhook-signature",
                            "is required, and so are webhook-id and webhook-timestamp");
            case BAD_TIMESTAMP ->
                    throw unauthenticated("webhook-timestamp", "must be seconds since 1970");
            case OUTSIDE_TOLERANCE ->
                    throw unauthenticated(
                            "webhook-timestamp",
                            "must be within 5 minutes of the present, in seconds since 1970 and"
                                    + " not in milliseconds");
            case NO_ENTRY -> throw badSignature(ctx, "must have an entry that begins with \"v1,\"");
            case MALFORMED_ENTRY ->
                    throw badSignature(
                            ctx,
                            "has a v1 entry that is not 32 bytes in standard base64: is it hex?");
            case BAD_SIGNATURE ->
                    throw badSignature(
                            ctx,
                            "has the right form, but was made with another secret or over other"
                                    + " bytes than <webhook-id>.<webhook-timestamp>.<body>");
        }
    }

    private ProblemException badSignature(Context ctx, String rule) {
        return guesses.after(ctx, unauthenticated("webhook-signature", rule));
    }

    private static Answer answer(DeliveryId delivery, byte[] body) {
        return switch (AnswerReading.of(body).toDeliveryOf(delivery.madeAt())) {
            case AnswerReading.Read(var answer) -> answer;
            case AnswerReading.Empty _, AnswerReading.NoOutcome _, AnswerReading.NoAnswer _ ->
                    throw told(
                            400,
                            "malformed",
                            "outcome",
                            "The body must be a JSON object with an outcome");
            case AnswerReading.Unacceptable(var field, var rule) ->
                    throw told(400, "malformed", field, field + " " + rule);
        };
    }

    private static ProblemException unauthenticated(String header, String rule) {
        return told(401, "bad-signature", header, header + " " + rule);
    }

    /** What the caller reads, operators read in the log: no rule quotes what was sent. */
    private static ProblemException told(int status, String type, String field, String rule) {
        return ProblemException.withField(status, type, field, rule).hinting(rule);
    }

    private static ProblemException unknownDelivery() {
        return ProblemException.of(404, "unknown-delivery", "There is no delivery of this id");
    }
}
