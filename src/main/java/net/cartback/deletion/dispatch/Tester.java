package net.cartback.deletion.dispatch;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.answer.Basis;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.operation.TestDeliveries;
import net.cartback.deletion.operation.TestDeliveries.Asked;
import net.cartback.deletion.operation.TestDeliveries.Step;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.terms.Kind;

import okhttp3.Call;
import okhttp3.Handshake;
import okhttp3.Protocol;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

import javax.net.ssl.SSLException;

/**
 * Makes the test deliveries that operators ask for, and says step by step how far each came: over a
 * connection of its own, to a paused system too.
 */
final class Tester {

    /** The steps of a test, in their order. */
    private static final List<String> STEPS =
            List.of(
                    "name",
                    "address",
                    "connection",
                    "tls",
                    "status",
                    "signature",
                    "body",
                    "time",
                    "result",
                    "forgery");

    private static final int MAX_SHOWN = 300;
    private static final Logger log = LoggerFactory.getLogger(Tester.class);

    private final TestDeliveries tests;
    private final Registry registry;
    private final HttpCall http;
    private final Sender sender;
    private final InstantSource clock;

    Tester(
            TestDeliveries tests,
            Registry registry,
            HttpCall http,
            Sender sender,
            InstantSource clock) {
        this.tests = tests;
        this.registry = registry;
        this.http = http;
        this.sender = sender;
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

    private void make(Asked asked) {
        try {
            var system = registry.systemNow(asked.system());
            var told =
                    new Told(system.isPresent() && "https".equals(system.get().url().getScheme()));
            if (system.isEmpty()) {
                told.say("name", false, "The system is not registered");
            } else if (system.get().activeSecrets(clock.instant()).isEmpty()) {
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

    private void call(Asked asked, ClientSystem system, Told told) {
        long start = System.nanoTime();
        var request = sender.test(asked.id(), system);
        switch (http.makeAlone(request, system, told)) {
            case HttpCall.Outcome.Replied(var reply) -> {
                if (!system.url().getScheme().equals("https")) {
                    told.say("tls", null, "not used");
                }
                var now = clock.instant();
                var reading = reply.reading().toDeliveryOf(now);
                tell(reply, reading, told);
                tell(ReplyTable.read(Kind.DELETION, system, reply, now, now), reply, told);
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

    /** A second test whose signature is of something else: who takes it takes it from anybody. */
    private void forge(ClientSystem system, Told told) {
        switch (http.makeAlone(sender.forgedTest(system), system, new CallWatch())) {
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
                            (refused ? "refused with " : "cannot be told from ") + status);
                }
            }
            case HttpCall.Outcome.Failed failed ->
                    told.say("forgery", null, "cannot be told: there was no reply");
        }
    }

    private static void tell(HttpReply reply, AnswerReading reading, Told told) {
        int status = reply.status();
        told.say("status", reply.isSuccess(), status + redirected(reply));
        if (status == 401 || status == 403) {
            told.say(
                    "signature",
                    false,
                    "The system refuses it: does it verify webhook-signature with a secret that is"
                            + " registered here, over the raw body, within 5 minutes?");
        } else if (reply.isSuccess()) {
            told.say("signature", true, "not objected to");
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
                                            ? "not read to its end: longer than 64 KiB, or at odds"
                                                    + " with its headers"
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
                        + ". Redirects are never followed: if that is right, make it the url";
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
    private static void tell(Reply meaning, @Nullable HttpReply reply, Told told) {
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
            case Reply.DeliveryAtFault fault ->
                    told.say("result", false, "parked for an operator: " + reason);
        }
    }

    /** What an operator would have to look up. */
    private static String explained(ErrorClass error, @Nullable HttpReply reply) {
        return switch (error) {
            case UNCLEAR ->
                    ". An empty body acknowledges, or a JSON object that reports no failure";
            case UNIDENTIFIED ->
                    ". Without a JSON body, or the header of answers_header, anybody on the way may"
                            + " have sent this status";
            case BAD_RECEIPT ->
                    reply != null
                                    && reply.reading() instanceof AnswerReading.Read
                                    && !reply.isSuccess()
                            ? ". The body says another outcome than its status is agreed to mean"
                            : ". The step body says which rule is broken";
            default -> "";
        };
    }

    /** Listens to a call, and keeps what there is to say of each step. */
    private static final class Told extends CallWatch {

        private final LinkedHashMap<String, Step> steps = new LinkedHashMap<>();
        private final boolean encrypted;

        Told(boolean encrypted) {
            this.encrypted = encrypted;
        }

        void say(String step, @Nullable Boolean ok, String detail) {
            steps.put(step, new Step(step, ok, detail));
        }

        /** Whether a real delivery would have been answered or accepted. */
        boolean isGood() {
            var result = steps.get("result");
            return result != null && Boolean.TRUE.equals(result.ok());
        }

        /** All steps in their order; those that were not come to say so. */
        List<Step> steps() {
            var all = new ArrayList<Step>();
            for (var step : STEPS) {
                all.add(steps.getOrDefault(step, new Step(step, null, "not come to")));
            }
            return all;
        }

        void failed(IOException e) {
            switch (e) {
                case GuardedClient.AddressRefused refused -> {
                    // The resolver refuses what it has found, so it does not tell what that was.
                    say("name", steps.containsKey("name") ? true : null, "to a refused address");
                    say("address", false, "OUTBOUND_ALLOW does not permit it");
                }
                case UnknownHostException unknown -> say("name", false, "not resolved");
                case SSLException tls -> say("tls", false, TlsFault.of(tls));
                default -> {
                    if (encrypted && steps.containsKey("connection") && !steps.containsKey("tls")) {
                        say("tls", false, "no handshake in time: does TLS answer at this port?");
                    } else if (!steps.containsKey("connection")) {
                        say("connection", false, "refused, or not made in time");
                    } else {
                        say("status", false, broken(e));
                    }
                }
            }
        }

        /** How a reply failed to come whole. */
        private String broken(IOException e) {
            var head = head();
            boolean late = e instanceof InterruptedIOException;
            if (e instanceof ProtocolException) {
                return "what came is no HTTP";
            }
            if (head == null) {
                return late ? "no reply in time" : "the connection was closed without a reply";
            }
            return head.code()
                    + (late
                            ? " came, but the reply did not end in time: is its Content-Length"
                                    + " right, or is it chunked?"
                            : " came, but the connection was closed before the body's end: is its"
                                    + " Content-Length right?");
        }

        @Override
        public void dnsStart(Call call, String host) {
            say("name", null, "not come to its end");
        }

        @Override
        public void dnsEnd(Call call, String host, List<InetAddress> addresses) {
            say(
                    "name",
                    true,
                    addresses.stream()
                            .map(InetAddress::getHostAddress)
                            .collect(Collectors.joining(", ")));
        }

        @Override
        public void connectStart(Call call, InetSocketAddress address, Proxy proxy) {
            super.connectStart(call, address, proxy);
            // It has been checked by now.
            say("address", true, "permitted");
        }

        @Override
        public void secureConnectStart(Call call) {
            say("connection", true, "made");
        }

        @Override
        public void connectEnd(
                Call call, InetSocketAddress address, Proxy proxy, @Nullable Protocol protocol) {
            if (!steps.containsKey("name")) {
                say("name", null, "the address is no name");
            }
            say("connection", true, address.getAddress().getHostAddress());
        }

        @Override
        public void secureConnectEnd(Call call, @Nullable Handshake handshake) {
            if (handshake != null) {
                say("tls", true, handshake.tlsVersion().javaName());
            }
        }
    }
}
