package net.cartback.deletion.command;

import java.io.PrintStream;

/** What an installation was found to be like: one line for each. */
final class Findings {

    private final PrintStream out;
    private boolean anyWrong;

    Findings(PrintStream out) {
        this.out = out;
    }

    void that(boolean holds, String what, String remedy) {
        add(new CallbackCheck.Answer(what, holds ? null : remedy));
    }

    void good(String what) {
        that(true, what, "");
    }

    void wrong(String what, String remedy) {
        that(false, what, remedy);
    }

    /** What may be meant so. */
    void note(String what) {
        out.println("note   " + what);
    }

    void add(CallbackCheck.Answer answer) {
        out.println(answer);
        anyWrong |= !answer.isGood();
    }

    int exitCode() {
        return anyWrong ? 1 : 0;
    }
}
