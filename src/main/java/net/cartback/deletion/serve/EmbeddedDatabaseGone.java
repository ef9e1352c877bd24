package net.cartback.deletion.serve;

import net.cartback.deletion.storage.EmbeddedDatabase;

/**
 * Nothing goes on without the embedded server. An error, because it ends the process: nobody starts
 * the server again but a new one, which whoever runs this one starts.
 */
final class EmbeddedDatabaseGone extends Error {

    private static final long serialVersionUID = 1L;

    private EmbeddedDatabaseGone() {
        super("The embedded PostgreSQL has ended; the next start of the relay starts it again");
    }

    static void unless(EmbeddedDatabase server) {
        if (!server.isRunning()) {
            throw new EmbeddedDatabaseGone();
        }
    }
}
