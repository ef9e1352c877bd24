package net.cartback.deletion.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.dispatch.OutboundRules;
import net.cartback.deletion.intake.SampleSignedRequest;
import net.cartback.deletion.registry.AppSecret;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * Calls a relay's public addresses as Meta does, with a callback that is signed well and about
 * nobody ({@code user_id} 0). A relay refuses it as {@code no-user}, which it says only after it
 * has verified the signature; nothing is recorded. Not thread-safe.
 */
final class CallbackCheck implements AutoCloseable {

    /** Whoever this is about exists nowhere: Meta's ids do not begin with 0. */
    private static final String NOBODY = "0";

    /** Of 26 characters, as each is, and improbable enough. */
    private static final String NOBODYS_CODE = "00000000000000000000000000";

    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration ENDING = Duration.ofDays(14);
    private static final int MAX_ANSWER = 256 * 1024;
    private static final String PROBLEM = "urn:deletion-relay:problem:";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String UNKNOWN_APP =
            "the relay at this address does not know this app: does it use the database that"
                    + " DATABASE_URL names here?";

    /**
     * What came of one call.
     *
     * @param what which address, and under which secret
     * @param fault what is wrong and what mends it; null: nothing
     * @param arrived whether anything answered at all
     */
    record Answer(String what, @Nullable String fault, boolean arrived) {

        Answer(String what, @Nullable String fault) {
            this(what, fault, true);
        }

        boolean isGood() {
            return fault == null;
        }

        @Override
        public String toString() {
            return (isGood() ? "ok     " : "WRONG  ")
                    + what
                    + (isGood() ? "" : "\n       " + fault);
        }
    }

    private static final OutboundRules PUBLIC = OutboundRules.allowing("");

    private final String base;
    private final HttpClient client =
            HttpClient.newBuilder()
                    .connectTimeout(PATIENCE)
                    .followRedirects(HttpClient.Redirect.NEVER)
                    .build();

    CallbackCheck(String base) {
        this.base = base;
    }

    /** Whether Meta could reach an address like this at all. */
    Answer isReachable() {
        var uri = URI.create(base);
        if (!"https".equals(uri.getScheme())) {
            return new Answer(base, "Meta calls https addresses only");
        }
        var host = uri.getHost();
        if (host == null) {
            return new Answer(base, "the host is no name that DNS or a certificate can have");
        }
        try {
            for (var address : InetAddress.getAllByName(host)) {
                if (!PUBLIC.permits(address, true)) {
                    return new Answer(
                            base,
                            "on this machine the name resolves to "
                                    + address.getHostAddress()
                                    + ", which Meta cannot reach: if it resolves to another address"
                                    + " on the internet, run this command there");
                }
            }
        } catch (UnknownHostException e) {
            return new Answer(base, "the name has no address: mend it in DNS", false);
        }
        return new Answer(base + " is public", null);
    }

    public Answer callback(MetaAppId app, String path, AppSecret secret) {
        var uri = URI.create(base + "/meta/" + app + "/" + path);
        var label = secret.label();
        var what = uri + " under the secret " + (label == null ? secret.id() : label);
        var form =
                "signed_request="
                        + URLEncoder.encode(
                                SampleSignedRequest.of(NOBODY, Instant.now(), secret), UTF_8);
        return call(
                what,
                HttpRequest.newBuilder(uri)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(HttpRequest.BodyPublishers.ofString(form)),
                CallbackCheck::faultOfCallback);
    }

    public Answer page(String path) {
        var uri = URI.create(base + path);
        return call(
                uri + " opens",
                HttpRequest.newBuilder(uri).header("Accept", "text/html"),
                answer -> answer.statusCode() == 200 ? null : other(answer));
    }

    /** Whether people's links lead to the relay: a code that nobody has is told as that. */
    Answer statusOfNobody() {
        var uri = URI.create(base + "/status/" + NOBODYS_CODE);
        return call(
                base + "/status/… leads to a relay",
                HttpRequest.newBuilder(uri).header("Accept", "application/json"),
                answer -> problem(answer).equals("unknown-code") ? null : other(answer));
    }

    /** How long the certificate at this address lasts; as the others do, it must be a valid one. */
    Answer certificate() {
        var uri = URI.create(base + "/status");
        if (!"https".equals(uri.getScheme())) {
            return new Answer(base, "has no certificate: Meta calls https addresses only");
        }
        return call(
                "the certificate of " + uri.getHost() + " lasts",
                HttpRequest.newBuilder(uri),
                answer -> {
                    var session = answer.sslSession().orElseThrow();
                    try {
                        var first = (X509Certificate) session.getPeerCertificates()[0];
                        var end = first.getNotAfter().toInstant();
                        return end.isAfter(Instant.now().plus(ENDING))
                                ? null
                                : "it ends at " + end + ": renew it";
                    } catch (SSLPeerUnverifiedException e) {
                        return "the certificate cannot be read";
                    }
                });
    }

    private interface Rule {
        @Nullable String fault(HttpResponse<String> answer);
    }

    private Answer call(String what, HttpRequest.Builder request, Rule rule) {
        try {
            var answer =
                    client.send(
                            request.timeout(PATIENCE).build(),
                            BodyHandlers.limiting(BodyHandlers.ofString(UTF_8), MAX_ANSWER));
            return new Answer(what, rule.fault(answer));
        } catch (IOException e) {
            return new Answer(what, fault(e), false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Answer(what, "the check was interrupted");
        }
    }

    private static @Nullable String faultOfCallback(HttpResponse<String> answer) {
        return switch (problem(answer)) {
            case "no-user" -> null;
            case "bad-signature" ->
                    "the relay at this address has another secret for this app: does it use the"
                            + " database that DATABASE_URL names here?";
            case "unknown-app" -> UNKNOWN_APP;
            case "retired-app" -> "the app is retired in the registry: set its state to live";
            case "missing" ->
                    "the body did not arrive: something in between takes it away, a redirect for"
                            + " example";
            default -> other(answer);
        };
    }

    /** The type of a problem (RFC 9457) of a relay; empty: it is none. */
    private static String problem(HttpResponse<String> answer) {
        try {
            var type = JSON.readTree(answer.body()).path("type").asText();
            return type.startsWith(PROBLEM) ? type.substring(PROBLEM.length()) : "";
        } catch (JsonProcessingException e) {
            return "";
        }
    }

    private static String other(HttpResponse<String> answer) {
        int status = answer.statusCode();
        var where = answer.headers().firstValue("Location");
        if (status >= 300 && status < 400 && where.isPresent()) {
            return "redirects to "
                    + where.get()
                    + ": Meta's call is lost there. Give Meta the target of the redirect";
        }
        var problem = problem(answer);
        if (problem.isEmpty()) {
            return "answers "
                    + status
                    + " "
                    + answer.headers().firstValue("Content-Type").orElse("without a type")
                    + ", and this is no relay's answer: something else stands at this address";
        }
        if (problem.equals("unknown-app")) {
            return UNKNOWN_APP;
        }
        return status == 404
                ? "answers 404 "
                        + problem
                        + ": this is a relay, but not its public listener. Is it the management"
                        + " port?"
                : "answers " + status + " " + problem + ": try again, and look at the relay's log";
    }

    private static String fault(IOException e) {
        return switch (e) {
            case HttpTimeoutException _ ->
                    "no answer within "
                            + PATIENCE.toSeconds()
                            + " s: a firewall, or a relay that is"
                            + " not running";
            case SSLException _ ->
                    "TLS fails: "
                            + e.getMessage()
                            + ". Meta needs a valid certificate of a public"
                            + " authority";
            case ConnectException _ -> "no connection: is the relay running, and is the port open?";
            default -> "no answer: " + e.getClass().getSimpleName();
        };
    }

    @Override
    public void close() {
        client.close();
    }
}
