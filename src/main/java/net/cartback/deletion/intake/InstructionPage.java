package net.cartback.deletion.intake;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.page.Sentence;
import net.cartback.deletion.page.Value;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.terms.Platform;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the page for who wants to ask shows, ready to be set: the steps in Meta's own settings.
 *
 * @param lead what can be asked, and of whom
 * @param ways how, in Meta's own settings, for each platform
 * @param others other ways to ask; empty: none that is known
 * @param then what follows; empty: nothing that the relay hears of
 */
public record InstructionPage(
        Sentence title,
        List<Sentence> lead,
        List<Way> ways,
        List<List<Sentence>> others,
        List<Sentence> then) {

    /** A platform, and the steps there. */
    public record Way(Sentence title, List<Sentence> steps) {}

    /** For all apps. */
    static InstructionPage of(Words words, Brand brand) {
        return of(words, brand, words.say("ask.title"), List.of(), EnumSet.allOf(Platform.class));
    }

    /**
     * For one app: the platforms that it and its secrets name.
     *
     * @param first what is said before everything else; null: nothing
     */
    static InstructionPage of(Words words, Brand brand, MetaApp app, @Nullable String first) {
        var platforms = EnumSet.noneOf(Platform.class);
        app.secrets().forEach(each -> platforms.add(each.platform().orElse(app.platform())));
        if (platforms.isEmpty()) {
            platforms.add(app.platform());
        }
        if (platforms.contains(Platform.MESSENGER)) {
            // Its steps are those of Facebook.
            platforms.add(Platform.FACEBOOK);
        }
        return of(
                words,
                brand,
                words.say(
                        "ask.title.app",
                        Map.of("app", new Value.Name(app.name().in(words.language())))),
                first == null ? List.of() : List.of(words.say(first)),
                platforms);
    }

    private static InstructionPage of(
            Words words,
            Brand brand,
            Sentence title,
            List<Sentence> first,
            Set<Platform> platforms) {
        var lead = new ArrayList<>(first);
        // From the chat, no request comes here.
        boolean onlyChat = platforms.equals(EnumSet.of(Platform.WHATSAPP));
        lead.add(words.say(onlyChat ? "ask.lead.chat" : "ask.lead"));
        return new InstructionPage(
                title,
                lead,
                platforms.stream().map(each -> way(words, each)).toList(),
                brand.otherWays().stream().map(each -> other(words, each)).toList(),
                onlyChat
                        ? List.of()
                        : List.of(
                                words.say("ask.then.received"),
                                words.say("ask.then.forwarded"),
                                words.say("ask.then.answered"),
                                words.say("ask.then.time")));
    }

    private static List<Sentence> other(Words words, Brand.Way way) {
        var text = words.show(Value.Text.of(way.text(), words.language()));
        return way.contact() == null
                ? List.of(text)
                : List.of(text, words.show(Value.Link.to(way.contact())));
    }

    private static Way way(Words words, Platform platform) {
        var steps = new ArrayList<Sentence>();
        for (int step = 1; step <= stepsOf(platform); step++) {
            steps.add(words.say("ask." + platform.wireName() + "." + step));
        }
        return new Way(words.say("platform." + platform.wireName()), steps);
    }

    /** How many steps it takes in Meta's own settings. */
    private static int stepsOf(Platform platform) {
        return switch (platform) {
            case FACEBOOK -> 3;
            case INSTAGRAM, THREADS, MESSENGER -> 2;
            case WHATSAPP -> 1;
        };
    }
}
