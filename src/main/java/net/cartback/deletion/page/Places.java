package net.cartback.deletion.page;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A sentence with places for values: texts and names of values in turn, beginning and ending with a
 * text, which may be empty.
 */
record Places(List<String> texts, List<String> names) {

    private static final Pattern PLACE = Pattern.compile("\\{(\\w+)\\}");

    Places {
        texts = List.copyOf(texts);
        names = List.copyOf(names);
    }

    /** {@code "To be finished by {due}."} */
    static Places of(String sentence) {
        var texts = new ArrayList<String>();
        var names = new ArrayList<String>();
        var places = PLACE.matcher(sentence);
        int end = 0;
        while (places.find()) {
            texts.add(sentence.substring(end, places.start()));
            names.add(places.group(1));
            end = places.end();
        }
        texts.add(sentence.substring(end));
        return new Places(texts, names);
    }
}
