package net.cartback.deletion.page;

import gg.jte.Content;
import gg.jte.TemplateOutput;
import gg.jte.html.escape.Escape;
import gg.jte.output.StringOutput;

import net.cartback.deletion.page.Value.Code;
import net.cartback.deletion.page.Value.Count;
import net.cartback.deletion.page.Value.Day;
import net.cartback.deletion.page.Value.Link;
import net.cartback.deletion.page.Value.Moment;
import net.cartback.deletion.page.Value.Name;
import net.cartback.deletion.page.Value.Text;

import java.util.Map;
import java.util.Objects;

/** A sentence with its values, which writes itself into a page, or as plain text. */
public final class Sentence implements Content {

    /** FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: {@code <bdi>} where there is no markup. */
    private static final String ISOLATE = "\u2068";

    private static final String END_OF_ISOLATE = "\u2069";

    private final Words words;
    private final String key;
    private final Places places;
    private final Map<String, ? extends Value> values;

    Sentence(Words words, String key, Places places, Map<String, ? extends Value> values) {
        this.words = words;
        this.key = key;
        this.places = places;
        this.values = Map.copyOf(values);
    }

    /** Under which key it stands. */
    public String key() {
        return key;
    }

    /** As HTML. */
    @Override
    public void writeTo(TemplateOutput output) {
        for (int i = 0; i < places.texts().size(); i++) {
            Escape.htmlContent(places.texts().get(i), output);
            if (i < places.names().size()) {
                write(value(i), output);
            }
        }
    }

    /** Without any markup, as in a title. */
    public String text() {
        var text = new StringBuilder();
        for (int i = 0; i < places.texts().size(); i++) {
            text.append(places.texts().get(i));
            if (i < places.names().size()) {
                text.append(ISOLATE).append(shown(value(i))).append(END_OF_ISOLATE);
            }
        }
        return text.toString();
    }

    /**
     * As in a mail, where nothing is marked: an address stands beside what it is the address of,
     * and signs that show nothing only where they are needed, for what is read from right to left.
     */
    public String plain() {
        boolean isolates = words.language().direction().equals("rtl");
        var text = new StringBuilder();
        for (int i = 0; i < places.texts().size(); i++) {
            text.append(places.texts().get(i));
            if (i < places.names().size()) {
                var value = plain(value(i));
                text.append(isolates ? ISOLATE + value + END_OF_ISOLATE : value);
            }
        }
        return text.toString();
    }

    private String plain(Value value) {
        return value instanceof Link(var address, var text) && !address.toString().endsWith(text)
                ? text + " (" + address + ")"
                : shown(value);
    }

    /** As HTML. */
    @Override
    public String toString() {
        var html = new StringOutput();
        writeTo(html);
        return html.toString();
    }

    private Value value(int place) {
        return Objects.requireNonNull(values.get(places.names().get(place)));
    }

    private void write(Value value, TemplateOutput output) {
        switch (value) {
            case Name name -> around("<bdi>", shown(name), "</bdi>", output);
            case Code code -> around("<code dir=\"ltr\">", shown(code), "</code>", output);
            case Link(var address, var text) ->
                    around(
                            "<bdi><a "
                                    // On paper a link is no use without its address.
                                    + (address.toString().contains(text) ? "" : "class=\"named\" ")
                                    + "href=\""
                                    + attribute(address.toString())
                                    + "\">",
                            text,
                            "</a></bdi>",
                            output);
            case Text(var text, var language) -> {
                if (language == words.language()) {
                    Escape.htmlContent(text, output);
                } else {
                    around(
                            "<span lang=\"%s\" dir=\"%s\">"
                                    .formatted(language.tag(), language.direction()),
                            text,
                            "</span>",
                            output);
                }
            }
            case Count count -> around("<bdi dir=\"ltr\">", shown(count), "</bdi>", output);
            case Day(var date) ->
                    around("<time datetime=\"" + date + "\">", shown(value), "</time>", output);
            case Moment(var at) ->
                    around("<time datetime=\"" + at + "\">", shown(value), "</time>", output);
        }
    }

    private static String attribute(String value) {
        var escaped = new StringOutput();
        Escape.htmlAttribute(value, escaped);
        return escaped.toString();
    }

    private static void around(String begin, String text, String end, TemplateOutput output) {
        output.writeContent(begin);
        Escape.htmlContent(text, output);
        output.writeContent(end);
    }

    private String shown(Value value) {
        return switch (value) {
            case Name(var name) -> name;
            case Code(var code) -> code;
            case Link(var address, var text) -> text;
            case Text(var text, var language) -> text;
            case Count(var count) -> Integer.toString(count);
            case Day(var date) -> words.dates().day(date);
            case Moment(var at) -> words.moment(at);
        };
    }
}
