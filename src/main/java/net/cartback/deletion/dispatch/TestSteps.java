package net.cartback.deletion.dispatch;

import net.cartback.deletion.operation.TestDeliveries.Step;

import okhttp3.Call;
import okhttp3.Handshake;
import okhttp3.Protocol;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolException;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;

import javax.net.ssl.SSLException;

/** Listens to a call, and keeps what there is to say of each step. */
final class TestSteps extends CallWatch {

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

    private final LinkedHashMap<String, Step> steps = new LinkedHashMap<>();
    private final boolean encrypted;

    TestSteps(boolean encrypted) {
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
            all.add(steps.getOrDefault(step, new Step(step, null, "not reached")));
        }
        return all;
    }

    void failed(IOException e) {
        switch (e) {
            case GuardedClient.AddressRefused refused -> {
                // A refused look-up does not report the addresses that it has found.
                say("name", steps.containsKey("name") ? true : null, "leads to a refused address");
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
            return "the reply is not HTTP";
        }
        if (head == null) {
            return late ? "no reply in time" : "the connection was closed without a reply";
        }
        return head.code()
                + (late
                        ? " arrived, but the reply did not end in time: is its Content-Length"
                                + " right, or is it chunked?"
                        : " arrived, but the connection was closed before the body's end: is its"
                                + " Content-Length right?");
    }

    @Override
    public void dnsStart(Call call, String host) {
        say("name", null, "the look-up did not end");
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
