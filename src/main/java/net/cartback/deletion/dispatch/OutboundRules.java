package net.cartback.deletion.dispatch;

import net.cartback.deletion.web.Cidr;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/**
 * To which addresses deletions may be sent. Everything that is not the public internet (IANA's
 * special purpose registries, RFC 6890) is refused, unless it is allowed by name; so is plain HTTP.
 */
public final class OutboundRules {

    private static final List<Cidr> SPECIAL_V4 =
            ranges(
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24",
                    "192.168.0.0/16",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/4",
                    "240.0.0.0/4");

    /** The only part of IPv6 that is global unicast, less what in it carries or reserves others. */
    private static final Cidr GLOBAL_V6 = Cidr.parse("2000::/3");

    private static final List<Cidr> SPECIAL_V6 =
            ranges("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    /** How a network that has IPv6 only calls an address of IPv4 (RFC 6052, section 2.1). */
    private static final Cidr TRANSLATED = Cidr.parse("64:ff9b::/96");

    private final List<Cidr> allowed;

    private OutboundRules(List<Cidr> allowed) {
        this.allowed = allowed;
    }

    /**
     * Rules with exceptions, as {@code OUTBOUND_ALLOW} lists them: comma-separated ranges, or
     * empty.
     *
     * @throws IllegalArgumentException naming the rule that is broken
     */
    public static OutboundRules allowing(String ranges) {
        return new OutboundRules(Cidr.list(ranges));
    }

    /** Whether any exception is made at all, and so plain HTTP is possible. */
    public boolean allowsPlainHttp() {
        return !allowed.isEmpty();
    }

    /** Whether this address may be called: a public one over TLS, or an exception. */
    public boolean permits(InetAddress given, boolean encrypted) {
        var address = meant(given);
        if (allowed.stream().anyMatch(range -> range.contains(address))) {
            return true;
        }
        return encrypted && isPublic(address);
    }

    /** Where a packet to this address comes out. */
    private static InetAddress meant(InetAddress address) {
        if (!TRANSLATED.contains(address)) {
            return address;
        }
        try {
            return InetAddress.getByAddress(Arrays.copyOfRange(address.getAddress(), 12, 16));
        } catch (UnknownHostException e) {
            throw new IllegalStateException("Four bytes are no address", e);
        }
    }

    private static boolean isPublic(InetAddress address) {
        // InetAddress turns IPv4-mapped IPv6 addresses into IPv4 ones.
        return address instanceof Inet4Address
                ? SPECIAL_V4.stream().noneMatch(range -> range.contains(address))
                : GLOBAL_V6.contains(address)
                        && SPECIAL_V6.stream().noneMatch(range -> range.contains(address));
    }

    private static List<Cidr> ranges(String... texts) {
        return Arrays.stream(texts).map(Cidr::parse).toList();
    }
}
