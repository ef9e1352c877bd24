package net.cartback.deletion.page;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.brand.Logo;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * What stands around every page: whose it is, and how they are reached. Nothing of it is decided in
 * the template.
 *
 * @param style the whole style sheet
 */
public record Frame(Words words, Brand brand, String style) {

    /** Whose page it is, for the title; else what it is about. */
    public Sentence site() {
        var name = organisation();
        return name == null ? words.say("frame.site") : name;
    }

    /** The organisation that runs the relay; null: nobody has named it. */
    public @Nullable Sentence organisation() {
        var name = brand.name();
        return name == null ? null : words.show(new Value.Name(name.in(words.language())));
    }

    /** The address of the logo; null: there is none. */
    public @Nullable String logo() {
        return path(brand.logo());
    }

    /** The address of the logo on a dark page; null: there is no other. */
    public @Nullable String darkLogo() {
        return path(brand.darkLogo());
    }

    private static @Nullable String path(@Nullable Logo logo) {
        return logo == null ? null : logo.path();
    }

    /** How they are reached, line by line; empty: nobody has said. */
    public List<Sentence> contact() {
        var lines = new ArrayList<Sentence>();
        brand.address().forEach(line -> lines.add(words.show(new Value.Name(line))));
        if (brand.contact() != null) {
            lines.add(words.show(Value.Link.to(brand.contact())));
        }
        return lines;
    }

    /** The address of their privacy policy; null: nobody has said. */
    public @Nullable String privacyPolicy() {
        var policy = brand.privacyPolicy();
        return policy == null ? null : policy.link().toString();
    }
}
