package net.cartback.deletion.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.dispatch.protocol.HttpReply;
import net.cartback.deletion.dispatch.protocol.Protocols;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.operation.TestDeliveries.OpenTest;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.DeliveryId;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.InstantSource;

/**
 * Makes the test deliveries that operators ask for, and says step by step how far each came: over a
 * connection of its own, to a paused system too.
 */
final class Tester {

    private static final int MAX_SHOWN = 300;
    private static final Logger log = LoggerFactory.getLogger(Tester.class);

    private final TestDeliveries tests;
    private final Registry registry;
    private final HttpCall http;
    private final Protocols protocols;
    private final InstantSource clock;

    Tester(
            TestDeliveries tests,
            Registry registry,
            HttpCall http,
            Protocols protocols,
            InstantSource clock) {
        this.tests = tests;
        this.registry = registry;
        this.http = http;
        this.protocols = protocols;
        this.clock = clock;
    }

    /** Makes what is waiting, each on a thread of its own; returns at once. */
    void start() {
        for (var asked = tests.take(); asked.isPresent(); asked = tests.take()) {
            var test = asked.get();
            Thread.ofVirtual().name("test").start(() -> make(test));
        }
    }

    /** Makes what is waiting before it returns. */
    void runOnce() {
        for (var asked = tests.take(); asked.isPresent(); asked = tests.take()) {
            make(asked.get());
        }
    }

    private void make(OpenTest asked) {
        try {
            var system = registry.systemNow(asked.system());
            var told =
                    new TestSteps(
                            system.isPresent() && "https".equals(system.get().url().getScheme()));
            if (system.isEmpty()) {
                told.say("name", false, "The system is not registered");
            } else if (protocols.of(system.get()).obstacle(system.get()) != null) {
                told.say("signature", false, "None of the system's secrets is in force");
            } else {
                call(asked, system.get(), told);
            }
            tests.done(asked, told.steps(), told.isGood());
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("test", asked.id())
                    .setCause(e)
                    .log("A test failed unexpectedly; it is made again");
        }
    }

    private void call(OpenTest asked, ClientSystem system, TestSteps told) {
        long start = System.nanoTime();
        var request = protocols.of(system).test(new DeliveryId(asked.id()), system).build();
        switch (http.makeAlone(request, system, told)) {
            case HttpCall.Outcome.Replied(var reply) -> {
                if (!system.url().getScheme().equals("https")) {
                    told.say("tls", null, "not used");
                }
                var now = clock.instant();
                var reading = reply.reading().toDeliveryOf(now);
                tell(reply, reading, told);
                tell(protocols.of(system).read(system.testedAs(), system, reply, now), reply, told);
            }
            case HttpCall.Outcome.Failed(var reply, var cause) -> {
                told.failed(cause);
                tell(reply, null, told);
            }
        }
        var took = Duration.ofNanos(System.nanoTime() - start);
        told.say(
                "time",
                took.compareTo(system.timeout()) < 0,
                took.toMillis() + " ms of " + system.timeout().toMillis());
        if (told.isGood()) {
            forge(system, told);
        }
    }

    /**
     * Sends a second test whose signature is for other bytes. A system that accepts it accepts
     * deliveries from anybody.
     */
    private void forge(ClientSystem system, TestSteps told) {
        var forgery = protocols.of(system).forgery(system);
        if (forgery == null) {
            return;
        }
        switch (http.makeAlone(forgery.build(), system, new CallWatch())) {
            case HttpCall.Outcome.Replied(var reply) -> {
                int status = reply.status();
                // Others may be about anything: too many calls, say.
                boolean refused = status == 400 || status == 401 || status == 403;
                if (reply.isSuccess()) {
                    told.say(
                            "forgery",
                            false,
                            "A call with a wrong signature was answered "
                                    + status
                                    + ": does the system verify webhook-signature before it"
                                    + " deletes? If not, it deletes for anybody");
                } else {
                    told.say(
                            "forgery",
                            refused ? true : null,
                            (refused ? "refused with " : "unclear: the system answered ") + status);
                }
            }
            case HttpCall.Outcome.Failed failed ->
                    told.say("forgery", null, "unclear: there was no reply");
        }
    }

    private static void tell(HttpReply reply, AnswerReading reading, TestSteps told) {
        int status = reply.status();
        told.say("status", reply.isSuccess(), status + redirected(reply));
        if (status == 401 || status == 403) {
            told.say(
                    "signature",
                    false,
                    "The system refuses the signature: does it verify webhook-signature with a"
                            + " secret that is registered here, over the raw body, within 5"
                            + " minutes?");
        } else if (reply.isSuccess()) {
            told.say("signature", true, "the system did not object");
        }
        switch (reading) {
            case AnswerReading.Read(var answer) ->
                    told.say("body", true, "outcome " + answer.outcome().wireName());
            case AnswerReading.Empty empty -> told.say("body", true, "empty");
            case AnswerReading.NoOutcome(var failed) ->
                    told.say(
                            "body",
                            // A failure in the body goes with a status of failure.
                            !failed || !reply.isSuccess(),
                            (failed
                                            ? "a JSON object that reports a failure"
                                            : "a JSON object without an outcome. If it was meant"
                                                    + " as the answer, its field must be called"
                                                    + " outcome")
                                    + beginning(reply));
            case AnswerReading.NoAnswer page ->
                    told.say(
                            "body",
                            false,
                            (reply.body() instanceof HttpReply.Body.Beginning
                                            ? "not read to the end: longer than 64 KiB, or"
                                                    + " contradicted by the headers"
                                            : "no JSON object")
                                    + beginning(reply));
            case AnswerReading.Unacceptable(var field, var rule) ->
                    told.say("body", false, field + " " + rule + beginning(reply));
        }
    }

    /** Where a redirect leads; without its query, which may hold a secret. */
    private static String redirected(HttpReply reply) {
        var location = reply.headers().get("Location");
        return reply.status() / 100 != 3 || location == null
                ? ""
                : ", to "
                        + shown(location.replaceFirst("[?#].*", ""))
                        + ". The relay follows no redirects: if this address is right, register"
                        + " it as the url";
    }

    /** The system's own words say best what it minds. */
    private static String beginning(HttpReply reply) {
        var bytes = reply.body().bytes();
        return bytes.length == 0
                ? ""
                : "; it begins: "
                        + shown(new String(bytes, 0, Math.min(bytes.length, MAX_SHOWN), UTF_8));
    }

    private static String shown(String text) {
        var line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        return line.length() > MAX_SHOWN ? line.substring(0, MAX_SHOWN) : line;
    }

    /** What a real delivery would have come to. */
    private static void tell(Reply meaning, @Nullable HttpReply reply, TestSteps told) {
        var error = meaning.error();
        var reason =
                error == null
                        ? ""
                        : error.reason(reply == null ? null : reply.status())
                                + explained(error, reply);
        switch (meaning) {
            case Reply.Answered(var answer, var basis) ->
                    told.say(
                            "result",
                            true,
                            "answered: "
                                    + answer.outcome().wireName()
                                    + (basis == Basis.ACK ? ", as agreed" : ""));
            case Reply.Accepted(var doubt) ->
                    told.say(
                            "result",
                            doubt == null,
                            "accepted; a receipt would be expected"
                                    + (doubt == null ? "" : ". In doubt: " + reason));
            case Reply.TryAgain again -> told.say("result", false, "sent again later: " + reason);
            case Reply.Throttled wait ->
                    told.say("result", null, "sent again when the system says: " + reason);
            case Reply.SystemAtFault fault ->
                    told.say("result", false, "everything for the system held back: " + reason);
            case Reply.NotSent unsent ->
                    told.say("result", false, "not sent, and tried again soon: " + reason);
            case Reply.Unsendable unsent ->
                    told.say("result", false, "not sent, and parked for an operator: " + reason);
            case Reply.DeliveryAtFault fault ->
                    told.say("result", false, "parked for an operator: " + reason);
        }
    }

    /** What an operator would have to look up. */
    private static String explained(ErrorClass error, @Nullable HttpReply reply) {
        return switch (error) {
            case UNCLEAR ->
                    ". Only an empty body or a JSON object that reports no failure acknowledges";
            case UNIDENTIFIED ->
                    ". Without a JSON body, or the header of answers_header, anybody on the way may"
                            + " have sent this status";
            case BAD_RECEIPT ->
                    reply != null
                                    && reply.reading() instanceof AnswerReading.Read
                                    && !reply.isSuccess()
                            ? ". The body has another outcome than the one agreed for its status"
                            : ". The step body says which rule is broken";
            default -> "";
        };
    }
}
