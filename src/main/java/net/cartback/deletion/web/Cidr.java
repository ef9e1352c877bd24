package net.cartback.deletion.web;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** A range of addresses: {@code 10.0.0.0/8}, {@code fc00::/7} (RFC 4632, RFC 4291). Immutable. */
public record Cidr(InetAddress network, int prefix) {

    /** Only literals: a name would be looked up. */
    private static final Pattern LITERAL =
            Pattern.compile("[0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*");

    /**
     * Reads {@code address/prefix}, or an address alone.
     *
     * @throws IllegalArgumentException if it is neither
     */
    public static Cidr parse(String text) {
        var parts = text.strip().split("/", -1);
        if (parts.length > 2 || !LITERAL.matcher(parts[0]).matches()) {
            throw new IllegalArgumentException("must be ranges such as 10.0.0.0/8 or fc00::/7");
        }
        try {
            var network = InetAddress.getByName(parts[0]);
            int bits = network.getAddress().length * 8;
            int prefix = parts.length == 1 ? bits : Integer.parseInt(parts[1]);
            if (prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException("has a prefix longer than its address");
            }
            return new Cidr(network, prefix);
        } catch (UnknownHostException | NumberFormatException e) {
            throw new IllegalArgumentException("must be ranges such as 10.0.0.0/8 or fc00::/7", e);
        }
    }

    /**
     * Reads ranges with commas between them, or nothing.
     *
     * @throws IllegalArgumentException naming the rule that is broken
     */
    public static List<Cidr> list(String text) {
        return text.isBlank()
                ? List.of()
                : Arrays.stream(text.split(",", -1)).map(Cidr::parse).toList();
    }

    /** Whether this address is in the range; one of the other family never is. */
    public boolean contains(InetAddress address) {
        var ours = network.getAddress();
        var theirs = address.getAddress();
        if (ours.length != theirs.length) {
            return false;
        }
        for (int bit = 0; bit < prefix; bit++) {
            int mask = 0x80 >>> bit % 8;
            if ((ours[bit / 8] & mask) != (theirs[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }
}
