package net.cartback.deletion.storage;

import java.nio.file.Path;

/** The embedded PostgreSQL cannot be had. The message is a sentence for whoever started it. */
public final class EmbeddedDatabaseFailed extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EmbeddedDatabaseFailed(Path directory, Throwable cause) {
        super(
                "The embedded PostgreSQL under DATA_DIR "
                        + directory
                        + " cannot be used: "
                        + reason(cause),
                cause);
    }

    /** Some failures of the file system say the path alone, so their kind is said too. */
    private static String reason(Throwable cause) {
        return cause instanceof IllegalStateException
                ? String.valueOf(cause.getMessage())
                : cause.getClass().getSimpleName() + " (" + cause.getMessage() + ")";
    }
}
