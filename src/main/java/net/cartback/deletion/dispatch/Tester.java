package net.cartback.deletion.dispatch;

import net.cartback.deletion.ledger.AnswerReading;
import net.cartback.deletion.ledger.TestDeliveries;
import net.cartback.deletion.ledger.TestDeliveries.Asked;
import net.cartback.deletion.ledger.TestDeliveries.Step;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;

import okhttp3.Call;
import okhttp3.EventListener;
import okhttp3.Handshake;
import okhttp3.Protocol;
import okhttp3.Response;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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
            List.of("name", "address", "connection", "tls", "status", "signature", "body", "time");

    private static final int MAX_REPLY_BYTES = 64 * 1024;
    private static final Logger log = LoggerFactory.getLogger(Tester.class);

    private final TestDeliveries tests;
    private final Registry registry;
    private final GuardedClient client;
    private final Sender sender;
    private final InstantSource clock;

    Tester(
            TestDeliveries tests,
            Registry registry,
            GuardedClient client,
            Sender sender,
            InstantSource clock) {
        this.tests = tests;
        this.registry = registry;
        this.client = client;
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
            var system = registry.system(asked.system());
            var told =
                    new Told(system.isPresent() && "https".equals(system.get().url().getScheme()));
            if (system.isEmpty()) {
                told.say("name", false, "The system is not registered");
            } else if (system.get().activeSecrets(clock.instant()).isEmpty()) {
                told.say("signature", false, "None of the system's secrets is in force");
            } else {
                call(asked, system.get(), told);
            }
            tests.done(asked.id(), told.steps());
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("test", asked.id())
                    .setCause(e)
                    .log("A test failed unexpectedly; it is made again");
        }
    }

    private void call(Asked asked, ClientSystem system, Told told) {
        long start = System.nanoTime();
        try (var response =
                client.executeHeard(
                        sender.test(asked.id(), system), system.tls(), system.timeout(), told)) {
            if (!system.url().getScheme().equals("https")) {
                told.say("tls", null, "not used");
            }
            read(response, told);
        } catch (IOException e) {
            told.failed(e);
        } catch (IllegalStateException e) {
            told.say("status", false, "What came back is no HTTP");
        }
        told.say(
                "time",
                Duration.ofNanos(System.nanoTime() - start).compareTo(system.timeout()) < 0,
                Duration.ofNanos(System.nanoTime() - start).toMillis()
                        + " ms of "
                        + system.timeout().toMillis());
    }

    private static void read(Response response, Told told) throws IOException {
        int status = response.code();
        boolean success = status >= 200 && status < 300;
        told.say("status", success, Integer.toString(status));
        if (status == 401 || status == 403) {
            told.say(
                    "signature",
                    false,
                    "The system refuses it: does it verify webhook-signature with a secret that is"
                            + " registered here, over the raw body, within 5 minutes?");
        } else if (success) {
            told.say("signature", true, "not objected to");
        }
        if (!success) {
            return;
        }
        if (response.body().source().request(MAX_REPLY_BYTES + 1L)) {
            told.say("body", false, "longer than 64 KiB; it would count as accepted");
            return;
        }
        switch (AnswerReading.of(response.body().bytes())) {
            case AnswerReading.Read(var answer) ->
                    told.say("body", true, "outcome " + answer.outcome().wireName());
            case AnswerReading.NoOutcome() ->
                    told.say("body", true, "no outcome; the receipt would be expected later");
            case AnswerReading.Unacceptable(var field, var rule) ->
                    told.say("body", false, field + " " + rule);
        }
    }

    /** Listens to a call, and keeps what there is to say of each step. */
    private static final class Told extends EventListener {

        private final LinkedHashMap<String, Step> steps = new LinkedHashMap<>();
        private final boolean encrypted;

        Told(boolean encrypted) {
            this.encrypted = encrypted;
        }

        void say(String step, @Nullable Boolean ok, String detail) {
            steps.put(step, new Step(step, ok, detail));
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
                case SSLException tls ->
                        say(
                                "tls",
                                false,
                                "The certificate or the handshake: "
                                        + tls.getClass().getSimpleName());
                case GuardedClient.ProxyAsked asked -> say("status", false, "407");
                default -> {
                    if (encrypted && steps.containsKey("connection") && !steps.containsKey("tls")) {
                        say("tls", false, "no handshake in time");
                    } else if (!steps.containsKey("connection")) {
                        say("connection", false, "refused, or not made in time");
                    } else {
                        say("status", false, "no complete reply in time");
                    }
                }
            }
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
