package net.cartback.deletion.web;

import io.javalin.http.Context;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The client address of a request. {@code X-Forwarded-For} is read from its end, as long as one of
 * our proxies wrote the entry; the entries before that may be forged.
 */
public final class ClientAddress {

    private static final String HEADER = "X-Forwarded-For";

    /** Some proxies add the port. */
    private static final Pattern WITH_PORT =
            Pattern.compile("^(\\d+\\.\\d+\\.\\d+\\.\\d+|\\[[^]]+]):\\d+$");

    private static final int NETWORK_BYTES = 8;

    private ClientAddress() {}

    static InetAddress of(Context ctx, Proxies proxies) {
        var address = InetAddress.ofLiteral(ctx.req().getRemoteAddr());
        var hops = hops(ctx);
        for (int i = hops.size() - 1; i >= 0 && proxies.contains(address); i--) {
            try {
                address = InetAddress.ofLiteral(WITH_PORT.matcher(hops.get(i)).replaceFirst("$1"));
            } catch (IllegalArgumentException e) {
                return address;
            }
        }
        return address;
    }

    /**
     * What counts as one address: of IPv6 the first 64 bits, of which one customer has all that
     * follow.
     */
    public static InetAddress network(InetAddress address) {
        if (!(address instanceof Inet6Address)) {
            return address;
        }
        try {
            var bytes = address.getAddress();
            Arrays.fill(bytes, NETWORK_BYTES, bytes.length, (byte) 0);
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("Sixteen bytes are an address", e);
        }
    }

    /** Of all headers of this name, in their order. */
    private static List<String> hops(Context ctx) {
        var headers = ctx.req().getHeaders(HEADER);
        if (headers == null) {
            return List.of();
        }
        return Collections.list(headers).stream()
                .flatMap(each -> Arrays.stream(each.split(",", -1)))
                .map(String::strip)
                .toList();
    }
}
