package net.cartback.deletion.dispatch;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ProtocolException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.SocketFactory;

/**
 * Sockets that read so much after each thing that was written, and no more. The client's own limits
 * do not bound the lines between the chunks of a body, which it keeps in memory until they end.
 */
final class BoundedSockets extends SocketFactory {

    private final long most;

    /**
     * @param most bytes that one reply may have, with its headers and all that surrounds it
     */
    BoundedSockets(long most) {
        this.most = most;
    }

    @Override
    public Socket createSocket() {
        return new Bounded(most);
    }

    @Override
    public Socket createSocket(String host, int port) {
        throw notUsed();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress from, int fromPort) {
        throw notUsed();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) {
        throw notUsed();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort) {
        throw notUsed();
    }

    private static UnsupportedOperationException notUsed() {
        return new UnsupportedOperationException("The client connects its sockets itself");
    }

    /** Counts what is read, from anew after each write. */
    private static final class Bounded extends Socket {

        private final long most;
        private final AtomicLong left;

        Bounded(long most) {
            this.most = most;
            this.left = new AtomicLong(most);
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read() throws IOException {
                    return counted(super.read(), 1);
                }

                @Override
                public int read(byte[] bytes, int from, int length) throws IOException {
                    int read = super.read(bytes, from, length);
                    return counted(read, read);
                }
            };
        }

        private int counted(int result, int bytes) throws IOException {
            if (result >= 0) {
                if (left.addAndGet(-bytes) < 0) {
                    throw new ProtocolException("The reply does not end");
                }
            }
            return result;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            return new FilterOutputStream(super.getOutputStream()) {
                @Override
                public void write(int b) throws IOException {
                    left.set(most);
                    out.write(b);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    left.set(most);
                    out.write(bytes, from, length);
                }
            };
        }
    }
}
