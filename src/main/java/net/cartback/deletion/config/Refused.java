package net.cartback.deletion.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;

/**
 * What the program was given cannot be used: variables, files, arguments of a command. Each fault
 * is a sentence that begins with the name of what is wrong.
 */
public class Refused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final transient List<String> faults;

    public Refused(List<String> faults) {
        super(String.join("; ", faults));
        this.faults = List.copyOf(faults);
    }

    /** The faults of a file, each with its name before it. */
    static Refused of(String file, List<String> faults) {
        return new Refused(faults.stream().map(fault -> file + ": " + fault).toList());
    }

    /** A file that is named and cannot be read, with why. */
    public static Refused unreadable(String file, IOException e) {
        return new Refused(List.of(file + " cannot be read" + why(e)));
    }

    static String why(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> ": there is no such file";
            case AccessDeniedException denied -> ": its rights do not let this user read it";
            case CharacterCodingException odd -> ": it is not UTF-8";
            default -> "";
        };
    }

    public List<String> faults() {
        return faults;
    }
}
