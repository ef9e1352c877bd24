package net.cartback.deletion.serve;

import net.cartback.deletion.storage.EmbeddedDatabase;

/**
 * The embedded server has ended, and the relay cannot work without it. This is an error, because it
 * ends the process: only a new process starts the server again, and the supervisor starts that.
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
