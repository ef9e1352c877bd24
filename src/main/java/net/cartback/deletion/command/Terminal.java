package net.cartback.deletion.command;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/**
 * What a command has of its process.
 *
 * @param environment the variables that configure it
 * @param in what is typed, or comes from a file
 * @param out answers
 * @param err what is wrong
 */
record Terminal(Map<String, String> environment, InputStream in, PrintStream out, PrintStream err) {

    /** The process's own. */
    static Terminal ofProcess() {
        return new Terminal(System.getenv(), System.in, System.out, System.err);
    }

    /** Says what is wrong, in a line of its own. */
    void fault(String sentence) {
        err.println("deletion-relay: " + sentence);
    }
}
