package net.cartback.deletion.answer;

import java.util.Set;

/** Which statuses of HTTP may be agreed to stand for an outcome. */
public final class AgreedStatus {

    /**
     * What proxies, firewalls, sign-ins and limits send for every person alike (RFC 9110, 15.5).
     */
    private static final Set<Integer> ANYBODYS =
            Set.of(401, 403, 405, 407, 408, 421, 425, 426, 429, 431);

    private AgreedStatus() {}

    /**
     * Whether this status can say something about a person: 2xx, and 4xx other than those that are
     * sent for every person alike. The rule also applies to entries registered before the rule.
     */
    public static boolean isPossible(int status) {
        return (status >= 200 && status < 300)
                || (status >= 400 && status < 500 && !ANYBODYS.contains(status));
    }
}
