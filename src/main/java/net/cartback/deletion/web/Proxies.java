package net.cartback.deletion.web;

import java.net.InetAddress;
import java.util.Collection;
import java.util.List;

/**
 * The proxies in front of the relay: many people come through one address, and what one says in
 * {@code X-Forwarded-For} is believed.
 */
public interface Proxies {

    Proxies NONE = address -> false;

    /** Whether this is the address of one. */
    boolean contains(InetAddress address);

    /** Those in these networks. */
    static Proxies in(Collection<Cidr> networks) {
        var all = List.copyOf(networks);
        return address -> all.stream().anyMatch(each -> each.contains(address));
    }
}
