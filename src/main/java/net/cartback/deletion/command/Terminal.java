package net.cartback.deletion.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
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

    /**
     * The process's own. It writes UTF-8 wherever it runs: an export of the registry under another
     * locale would have question marks for names.
     */
    static Terminal ofProcess() {
        return new Terminal(
                System.getenv(),
                System.in,
                new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8),
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8));
    }

    /** Says what is wrong, in a line of its own. */
    void fault(String sentence) {
        err.println("deletion-relay: " + sentence);
    }
}
