package net.cartback.deletion.yaml;

import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.NodeEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.SequenceStartEvent;
import org.yaml.snakeyaml.nodes.NodeId;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds what the parsed tree of a YAML file no longer shows: anchors, aliases and tags, which are
 * all refused, and values that YAML does not read as text ({@code 2024_01} is the number 202401,
 * {@code no} is false). Each instance is used once.
 */
public final class YamlScan {

    private static final String REPEATING =
            "must not be an anchor, an alias or a tag (&, *, !): write the value out";

    private final Map<String, String> notText = new HashMap<>();
    private final List<String> faults;
    private final Resolver resolver = new Resolver();
    private final Deque<Position> places = new ArrayDeque<>();

    /** A mapping or a list that has begun: its path, and what comes next in it. */
    private static final class Position {

        private final String path;
        private final boolean isList;
        private int index;
        private @Nullable String key;

        Position(String path, boolean isList) {
            this.path = path;
            this.isList = isList;
        }

        boolean expectsKey() {
            return !isList && key == null;
        }

        String next() {
            if (isList) {
                return path + "[" + index + "]";
            }
            return (path.isEmpty() ? "" : path + ".") + key;
        }

        void passOn() {
            index++;
            key = null;
        }
    }

    private YamlScan(List<String> faults) {
        this.faults = faults;
    }

    /**
     * Looks through a file that is well-formed YAML.
     *
     * @return by its path, each value that YAML takes for something else than text, as it is
     *     written
     */
    public static Map<String, String> of(String yaml, List<String> faults) {
        var scan = new YamlScan(faults);
        var parser = new ParserImpl(new StreamReader(yaml), new LoaderOptions());
        while (!parser.checkEvent(Event.ID.StreamEnd)) {
            scan.take(parser.getEvent());
        }
        return scan.notText;
    }

    private void take(Event event) {
        if (event instanceof MappingEndEvent || event instanceof SequenceEndEvent) {
            places.pop();
            passOn();
            return;
        }
        if (!(event instanceof NodeEvent node)) {
            return;
        }
        var place = places.peek();
        boolean isKey = place != null && place.expectsKey();
        refuse(node, place == null ? "the file" : isKey ? place.path + " (a name)" : place.next());
        if (isKey) {
            place.key = event instanceof ScalarEvent scalar ? scalar.getValue() : "?";
            if (event instanceof CollectionStartEvent) {
                places.push(new Position(place.next(), event instanceof SequenceStartEvent));
            }
            return;
        }
        switch (node) {
            case CollectionStartEvent start ->
                    places.push(
                            new Position(
                                    place == null ? "" : place.next(),
                                    start instanceof SequenceStartEvent));
            case ScalarEvent scalar -> {
                if (place != null && scalar.isPlain() && !isText(scalar.getValue())) {
                    notText.put(place.next(), scalar.getValue());
                }
                passOn();
            }
            default -> passOn();
        }
    }

    private void refuse(NodeEvent node, String path) {
        boolean tagged =
                switch (node) {
                    case ScalarEvent scalar -> scalar.getTag() != null;
                    case CollectionStartEvent start -> start.getTag() != null;
                    default -> false;
                };
        if (node instanceof AliasEvent || node.getAnchor() != null || tagged) {
            faults.add(path + ": " + REPEATING);
        }
    }

    private boolean isText(String plain) {
        return resolver.resolve(NodeId.scalar, plain, true).equals(Tag.STR);
    }

    private void passOn() {
        var place = places.peek();
        if (place != null) {
            place.passOn();
        }
    }
}
