package net.cartback.deletion.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** What Linux tells of a process: CPU time in seconds, resident memory in MiB, threads, files. */
final class Cpu {

    private static final double TICKS_PER_SECOND = 100;
    private static final int UTIME = 11;
    private static final int STIME = 12;
    private static final int CUTIME = 13;
    private static final int CSTIME = 14;

    private Cpu() {}

    static double of(long pid) throws IOException {
        try {
            var fields = stat(pid);
            return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME]))
                    / TICKS_PER_SECOND;
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    /** With what its children that have ended used. */
    static double ofWithEnded(long pid) throws IOException {
        var fields = stat(pid);
        return of(pid)
                + (Long.parseLong(fields[CUTIME]) + Long.parseLong(fields[CSTIME]))
                        / TICKS_PER_SECOND;
    }

    static double residentMib(long pid) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
            }
        }
        throw new IllegalStateException("No VmRSS of process " + pid);
    }

    static int threads(long pid) throws IOException {
        for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("Threads:")) {
                return Integer.parseInt(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IllegalStateException("No threads of process " + pid);
    }

    /** How many files and sockets it has open. */
    static long files(long pid) throws IOException {
        try (var files = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return files.count();
        }
    }

    /** The fields after the name, which stands in parentheses and may hold anything. */
    private static String[] stat(long pid) throws IOException {
        var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    }
}
