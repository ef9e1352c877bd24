package net.cartback.deletion.listener;

import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

import java.util.regex.Pattern;

/**
 * Makes connections on which a percent sign that encodes nothing stands for itself. Otherwise, the
 * server would answer such an address before it has read the method and the headers. Now the
 * address is routed like any other, and a person who opened a page gets a page.
 */
final class MendingConnections extends HttpConnectionFactory {

    private static final Pattern ENCODES_NOTHING = Pattern.compile("%(?![0-9A-Fa-f]{2})|%(?=00)");

    MendingConnections(HttpConfiguration http) {
        super(http);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        var connection =
                new HttpConnection(getHttpConfiguration(), connector, endPoint) {
                    @Override
                    protected RequestHandler newRequestHandler() {
                        return new RequestHandler() {
                            @Override
                            public void startRequest(
                                    String method, String uri, HttpVersion version) {
                                super.startRequest(method, mended(uri), version);
                            }
                        };
                    }
                };
        return configure(connection, connector, endPoint);
    }

    private static String mended(String uri) {
        return uri.indexOf('%') < 0 ? uri : ENCODES_NOTHING.matcher(uri).replaceAll("%25");
    }
}
