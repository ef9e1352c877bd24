package net.cartback.deletion.yaml;

import com.fasterxml.jackson.core.JsonProcessingException;

import org.yaml.snakeyaml.error.MarkedYAMLException;

/** Where a file stops being YAML, in a sentence that quotes nothing of it: it may hold secrets. */
public final class YamlFault {

    private YamlFault() {}

    public static String of(JsonProcessingException e, String yaml) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
                return at(
                        marked.getProblemMark().getLine() + 1,
                        marked.getProblemMark().getColumn() + 1,
                        yaml);
            }
        }
        var at = e.getLocation();
        return at == null ? at(1, 1, yaml) : at(at.getLineNr(), at.getColumnNr(), yaml);
    }

    private static String at(int line, int column, String yaml) {
        boolean tab =
                yaml.lines()
                        .skip(Math.max(0, line - 1))
                        .findFirst()
                        .filter(
                                text ->
                                        text.substring(0, Math.min(column, text.length()))
                                                .contains("\t"))
                        .isPresent();
        return (tab ? "a tab instead of spaces" : "not valid YAML, or a key is given twice")
                + ", at line "
                + line
                + ", column "
                + column;
    }
}
