package net.cartback.deletion.command;

import net.cartback.deletion.config.Refused;
import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.keys.OlderReplicaRuns;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.storage.EmbeddedDatabaseFailed;
import net.cartback.deletion.storage.SchemaRefused;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a command says when it has failed, and its exit code. */
final class Faults {

    private static final Logger log = LoggerFactory.getLogger(Faults.class);
    private static final int FAILED = 1;
    private static final int WRONG = 2;

    private Faults() {}

    /** One sentence each, without a stack trace where it is the user's to mend. */
    static int explain(Exception e, Terminal terminal) {
        switch (e) {
            case Refused invalid -> invalid.faults().forEach(terminal::fault);
            case InvalidRegistry invalid ->
                    invalid.faults().forEach(fault -> terminal.fault("the registry: " + fault));
            case SealBroken broken ->
                    terminal.fault(
                            broken.getMessage()
                                    + "; is KEYRING_FILE the keyring of this database?");
            case SchemaRefused refused -> terminal.fault(String.valueOf(refused.getMessage()));
            case OlderReplicaRuns older -> {
                terminal.fault(String.valueOf(older.getMessage()));
                return FAILED;
            }
            case EmbeddedDatabaseFailed failed -> {
                terminal.fault(String.valueOf(failed.getMessage()));
                return FAILED;
            }
            case DatabaseUnavailable away -> {
                terminal.fault(away.whyRefused());
                return FAILED;
            }
            default -> {
                log.error("The command failed unexpectedly", e);
                return FAILED;
            }
        }
        return WRONG;
    }
}
