package net.cartback.deletion.dispatch;

import static java.net.HttpURLConnection.HTTP_PROXY_AUTH;

import net.cartback.deletion.registry.Tls;

import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.Dns;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.TlsVersion;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * The HTTP client for deliveries. It follows no redirect, sends nothing twice by itself, uses no
 * proxy, speaks TLS 1.3 (1.2 to a system that needs it, which may have an authority of its own),
 * and connects only where the rules permit: addresses are checked where names are resolved,
 * literals before the call, and the connected address once more before anything is sent.
 *
 * <p>It speaks HTTP/1.1. The client would share a connection of HTTP/2 among all hosts of its
 * certificate, and a deletion must not pass through the TLS end of another client system.
 */
final class GuardedClient {

    /** The rules do not permit this address. Nothing was sent. */
    static final class AddressRefused extends UnknownHostException {

        private static final long serialVersionUID = 1L;

        AddressRefused() {
            super("OUTBOUND_ALLOW does not permit this address");
        }
    }

    /** The reply was 407, which the client takes for a proxy's: here there is none. */
    static final class ProxyAsked extends IOException {

        private static final long serialVersionUID = 1L;

        ProxyAsked() {
            super("407 without a proxy");
        }
    }

    private static final Pattern LITERAL = Pattern.compile("[0-9.]+|.*:.*");
    private static final Pattern OCTAL = Pattern.compile("(.*\\.)?0[0-9]+(\\.[0-9.]*)?");
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final Duration LOOKUP_LIMIT = Duration.ofSeconds(5);
    private static final int MAX_SPECIAL = 1_000;

    /** A body of 64 KiB and headers of 256 KiB, which have limits of their own, and room. */
    private static final long MAX_REPLY = 512L * 1024;

    private static final Duration IDLE_LIMIT = Duration.ofSeconds(30);
    private static final Duration MAX_AGE = Duration.ofMinutes(1);

    private final Duration maxAge;
    private final OutboundRules rules;
    private final Dns dns;
    private final OkHttpClient client;
    private final Map<Tls, OkHttpClient> special = new ConcurrentHashMap<>();

    /** Since when each connection is used, by the machine's ticks. */
    private final Map<Connection, Long> born = new WeakHashMap<>();

    /** A look-up cannot be told how long to take, so it is made where it can be left alone. */
    private final ExecutorService lookups =
            Executors.newCachedThreadPool(Thread.ofPlatform().name("dns").daemon().factory());

    GuardedClient(OutboundRules rules, int maxIdleConnections) {
        this(rules, maxIdleConnections, Dns.SYSTEM);
    }

    /** With another resolver than the system's. */
    GuardedClient(OutboundRules rules, int maxIdleConnections, Dns dns) {
        this(rules, maxIdleConnections, dns, MAX_AGE);
    }

    /** With another age at which a connection takes its last call. */
    GuardedClient(OutboundRules rules, int maxIdleConnections, Dns dns, Duration maxAge) {
        this.maxAge = maxAge;
        this.rules = rules;
        this.dns = dns;
        this.client =
                new OkHttpClient.Builder()
                        .followRedirects(false)
                        .followSslRedirects(false)
                        .retryOnConnectionFailure(false)
                        .proxy(Proxy.NO_PROXY)
                        .socketFactory(new BoundedSockets(MAX_REPLY))
                        .protocols(List.of(Protocol.HTTP_1_1))
                        .eventListenerFactory(GuardedClient::watch)
                        .dns(this::resolve)
                        .addNetworkInterceptor(this::assertConnected)
                        .connectionSpecs(specs(TlsVersion.TLS_1_3))
                        .connectionPool(
                                new ConnectionPool(
                                        maxIdleConnections,
                                        IDLE_LIMIT.toSeconds(),
                                        TimeUnit.SECONDS))
                        .connectTimeout(CONNECT_LIMIT)
                        // The call's own limit, set for each system, ends it.
                        .readTimeout(Duration.ZERO)
                        .writeTimeout(Duration.ZERO)
                        .build();
    }

    /** Makes a call that ends, one way or the other, within the limit. */
    Response execute(Request request, Tls tls, Duration limit, CallWatch watch) throws IOException {
        return execute(client(tls), request, limit, watch);
    }

    /** As {@link #execute}, over a connection of its own. */
    Response executeAlone(Request request, Tls tls, Duration limit, CallWatch watch)
            throws IOException {
        var alone =
                client(tls)
                        .newBuilder()
                        .connectionPool(new ConnectionPool(0, 1, TimeUnit.SECONDS))
                        .build();
        return execute(alone, request, limit, watch);
    }

    private static EventListener watch(Call call) {
        var watch = call.request().tag(CallWatch.class);
        return watch == null ? EventListener.NONE : watch;
    }

    private OkHttpClient client(Tls tls) {
        if (tls.equals(Tls.USUAL)) {
            return client;
        }
        if (special.size() > MAX_SPECIAL) {
            special.clear();
        }
        return special.computeIfAbsent(tls, this::speaking);
    }

    /** Shares the pool of connections, which keeps those of different trust apart. */
    private OkHttpClient speaking(Tls tls) {
        var builder = client.newBuilder();
        if (tls.allows12()) {
            builder.connectionSpecs(specs(TlsVersion.TLS_1_3, TlsVersion.TLS_1_2));
        }
        var authority = tls.authority();
        if (authority != null) {
            var trust = PrivateAuthority.trusting(authority);
            builder.sslSocketFactory(PrivateAuthority.sockets(trust), trust);
        }
        return builder.build();
    }

    private static List<ConnectionSpec> specs(TlsVersion... versions) {
        return List.of(
                new ConnectionSpec.Builder(ConnectionSpec.RESTRICTED_TLS)
                        .tlsVersions(versions)
                        .build(),
                ConnectionSpec.CLEARTEXT);
    }

    private Response execute(OkHttpClient client, Request request, Duration limit, CallWatch watch)
            throws IOException {
        refuseForbiddenLiteral(request.url());
        var watched =
                watch.equals(request.tag(CallWatch.class))
                        ? request
                        : request.newBuilder().tag(CallWatch.class, watch).build();
        var call = client.newCall(watched);
        var _ = call.timeout().timeout(limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return call.execute();
        } catch (IllegalArgumentException | IllegalStateException e) {
            // So the client says that a status or a length is negative, and lets its socket be.
            call.cancel();
            throw e;
        }
    }

    void close() {
        client.connectionPool().evictAll();
        client.dispatcher().executorService().shutdown();
        lookups.shutdownNow();
    }

    private List<InetAddress> resolve(String host) throws UnknownHostException {
        var addresses = lookedUp(host);
        // One forbidden address refuses the name: a name that points both ways is no accident.
        // Whether plain HTTP is permitted is known, and asserted, on the connection.
        if (!addresses.stream().allMatch(address -> rules.permits(address, true))) {
            throw new AddressRefused();
        }
        return addresses;
    }

    private List<InetAddress> lookedUp(String host) throws UnknownHostException {
        var lookup = lookups.submit(() -> dns.lookup(host));
        try {
            return lookup.get(LOOKUP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownHostException unknown) {
                throw unknown;
            }
            throw new UnknownHostException("The resolver failed");
        } catch (TimeoutException e) {
            var _ = lookup.cancel(true);
            throw new UnknownHostException("The resolver did not answer in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnknownHostException("The look-up was interrupted");
        }
    }

    /** The resolver is not asked for literals. */
    private void refuseForbiddenLiteral(HttpUrl url) throws IOException {
        var host = url.host();
        // A number with a leading zero is octal to some and decimal to others.
        boolean ambiguous = OCTAL.matcher(host).matches();
        boolean literal = LITERAL.matcher(host).matches();
        if (ambiguous || (literal && !rules.permits(InetAddress.getByName(host), url.isHttps()))) {
            throw new AddressRefused();
        }
    }

    /**
     * The last call over a connection that has grown old: the next one looks its name up again, and
     * finds the system where it is now.
     */
    private Request lastIfOld(Connection connection, Request request) {
        long now = System.nanoTime();
        Long since;
        synchronized (born) {
            since = born.computeIfAbsent(connection, any -> now);
        }
        return now - since < maxAge.toNanos()
                ? request
                : request.newBuilder().header("Connection", "close").build();
    }

    private Response assertConnected(Interceptor.Chain chain) throws IOException {
        var connection = chain.connection();
        if (connection == null
                || !rules.permits(
                        connection.socket().getInetAddress(), chain.request().url().isHttps())) {
            throw new AddressRefused();
        }
        var response = chain.proceed(lastIfOld(connection, chain.request()));
        if (response.code() == HTTP_PROXY_AUTH) {
            response.close();
            throw new ProxyAsked();
        }
        // After a 503 with "Retry-After: 0", the HTTP client sends the request again by itself,
        // even with retries switched off. The call's watch has read the header by now.
        return response.header("Retry-After") == null
                ? response
                : response.newBuilder().removeHeader("Retry-After").build();
    }
}
