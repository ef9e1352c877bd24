package net.cartback.deletion.dispatch;

import okhttp3.Call;
import okhttp3.EventListener;
import okhttp3.Response;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.net.Proxy;

/**
 * Listens to a call, because its exception alone does not tell how far it came. Used for one call
 * at a time; the client's threads tell it one after the other.
 */
class CallWatch extends EventListener {

    private volatile boolean connecting;
    private volatile boolean sending;
    private volatile @Nullable Response head;
    private volatile @Nullable String retryAfter;

    /** Forgets what it heard, for another call. */
    void reset() {
        connecting = false;
        sending = false;
        head = null;
        retryAfter = null;
    }

    /** When to come again, as the reply said it; the client itself must not see it. */
    @Nullable String retryAfter() {
        return retryAfter;
    }

    /** Whether any of the request may have been sent. */
    boolean isSending() {
        return sending;
    }

    /** Whether it was sent over a connection that an earlier call had left behind. */
    boolean isOverKeptConnection() {
        return sending && !connecting;
    }

    /** The status and the headers of the reply; null if they never came. */
    @Nullable Response head() {
        return head;
    }

    @Override
    public void connectStart(Call call, InetSocketAddress address, Proxy proxy) {
        connecting = true;
    }

    @Override
    public void requestHeadersStart(Call call) {
        sending = true;
    }

    @Override
    public void responseHeadersEnd(Call call, Response response) {
        head = response;
        retryAfter = response.header("Retry-After");
    }
}
