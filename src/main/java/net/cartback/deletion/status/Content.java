package net.cartback.deletion.status;

import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.status.StatusPage.Row;

import java.time.Instant;
import java.util.List;

/** A part of what the page says, in the words of one language. */
abstract class Content {

    final Words words;

    Content(Words words) {
        this.words = words;
    }

    final Sentence say(String key) {
        return words.say(key);
    }

    final Sentence show(Value value) {
        return words.show(value);
    }

    /** A label, and one value. */
    final Row row(String label, Value value) {
        return new Row(say(label), List.of(show(value)));
    }

    static Value moment(Instant at) {
        return new Value.Moment(at);
    }
}
