package net.cartback.deletion.brand;

import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.yaml.InvalidFile;
import net.cartback.deletion.yaml.YamlFields;
import net.cartback.deletion.yaml.YamlFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Reads a brand file (docs/CONFIGURATION.md describes its form) and the logos that it names, and
 * collects every fault. One use each.
 */
public final class BrandReader {

    private static final int MAX_NAME = 200;
    private static final int MAX_SENTENCE = 1_000;
    private static final int MAX_LINE = 100;
    private static final int MAX_LINES = 10;
    private static final int MAX_WAYS = 10;
    private static final int MAX_URL = 2_048;

    private final Path folder;
    private final List<String> faults = new ArrayList<>();

    private BrandReader(Path folder) {
        this.folder = folder;
    }

    /**
     * Reads the text of a brand file.
     *
     * @param variables where {@code ${NAME}} is looked up
     * @param folder in which the logos' paths begin
     * @throws InvalidFile with every fault, each named by its path
     */
    public static Brand read(String yaml, Map<String, String> variables, Path folder) {
        return new BrandReader(folder).read(yaml, variables);
    }

    private Brand read(String yaml, Map<String, String> variables) {
        var file = YamlFile.read(yaml, faults);
        if (file == null) {
            throw new InvalidFile(faults);
        }
        var source = new YamlFields.Source(variables, file.notText());
        var brand = brand(new YamlFields("", file.root(), source, faults));
        if (!faults.isEmpty()) {
            throw new InvalidFile(faults);
        }
        return brand;
    }

    private Brand brand(YamlFields brand) {
        brand.allow(
                "name",
                "names",
                "logo",
                "logo_dark",
                "colours",
                "contact",
                "address",
                "privacy_policy",
                "complaints",
                "authority",
                "backups",
                "other_ways");
        brand.requireValues();
        var colours = brand.object("colours");
        if (colours != null) {
            colours.allow("light", "dark");
            colours.requireValues();
        }
        if (brand.has("logo") && !brand.has("name")) {
            brand.fault("name", "is required with logo, for who cannot see it");
        }
        if (brand.has("logo_dark") && !brand.has("logo")) {
            brand.fault("logo_dark", "makes no sense without logo");
        }
        return new Brand(
                names(brand),
                logo(brand, "logo"),
                logo(brand, "logo_dark"),
                colours(colours, "light", Colours.Theme.LIGHT),
                colours(colours, "dark", Colours.Theme.DARK),
                contact(brand, "contact", Contact::of, Contact.RULE),
                address(brand),
                contact(brand, "privacy_policy", Contact::page, Contact.PAGE_RULE),
                contact(brand, "complaints", Contact::of, Contact.RULE),
                authority(brand),
                text(brand, "backups"),
                otherWays(brand));
    }

    /** From {@code name} and {@code names}. */
    private static @Nullable Names names(YamlFields owner) {
        var name = owner.shown("name", MAX_NAME);
        var others = owner.shownByLanguage("names", MAX_NAME);
        if (others != null && !owner.has("name")) {
            owner.fault("name", "is required with names");
        }
        return name == null ? null : new Names(name, others == null ? Map.of() : others);
    }

    private @Nullable Logo logo(YamlFields brand, String field) {
        var name = brand.text(field, 1, MAX_URL);
        if (name == null) {
            return null;
        }
        try {
            var path = folder.resolve(name);
            if (!Files.isRegularFile(path)) {
                brand.fault(field, "there is no file " + path);
                return null;
            }
            if (Files.size(path) > Logo.MAX_BYTES) {
                brand.fault(field, Logo.TOO_LARGE);
                return null;
            }
            return Logo.of(Files.readAllBytes(path));
        } catch (IllegalArgumentException e) {
            brand.fault(
                    field,
                    e instanceof InvalidPathException
                            ? "is no path of a file"
                            : String.valueOf(e.getMessage()));
        } catch (IOException e) {
            brand.fault(field, "the file cannot be read");
        }
        return null;
    }

    private static Colours colours(@Nullable YamlFields colours, String name, Colours.Theme theme) {
        var fields = colours == null ? null : colours.object(name);
        if (fields == null) {
            return Colours.USUAL;
        }
        fields.allow("accent", "header");
        fields.requireValues();
        var accent = colour(fields, "accent");
        var header = colour(fields, "header");
        var fault = accent == null ? null : Colours.fault(accent, theme);
        if (fault != null) {
            fields.fault("accent", fault);
        }
        return new Colours(accent, header);
    }

    private static @Nullable String colour(YamlFields fields, String field) {
        var colour = fields.text(field, 1, MAX_NAME);
        if (colour != null && !Colours.isColour(colour)) {
            fields.fault(field, "must be a colour such as \"#0b5394\", in quotes");
            return null;
        }
        return colour;
    }

    private static @Nullable Contact contact(
            YamlFields owner,
            String field,
            Function<String, @Nullable Contact> reading,
            String rule) {
        var text = owner.text(field, 1, MAX_URL);
        if (text == null) {
            return null;
        }
        var contact = Placeholder.isIn(text) ? null : reading.apply(text);
        if (contact == null) {
            owner.fault(field, Placeholder.isIn(text) ? Placeholder.RULE : rule);
        }
        return contact;
    }

    private static List<String> address(YamlFields brand) {
        var lines = brand.shownList("address", MAX_LINE);
        if (lines.size() > MAX_LINES) {
            brand.fault("address", "must have at most " + MAX_LINES + " lines");
        }
        return lines;
    }

    private static Brand.@Nullable Authority authority(YamlFields brand) {
        var authority = brand.object("authority");
        if (authority == null) {
            return null;
        }
        authority.allow("name", "names", "page");
        authority.requireValues();
        if (!authority.has("name")) {
            authority.fault("name", "is required");
            return null;
        }
        var name = names(authority);
        if (name == null) {
            return null;
        }
        return new Brand.Authority(
                name, contact(authority, "page", Contact::page, Contact.PAGE_RULE));
    }

    private @Nullable Text text(YamlFields owner, String field) {
        int before = faults.size();
        var sentences = owner.shownByLanguage(field, MAX_SENTENCE);
        if (sentences == null) {
            return null;
        }
        if (faults.size() == before && !sentences.containsKey(Language.ENGLISH)) {
            owner.fault(field, "must be given in English (en), for languages that are not named");
        }
        return new Text(sentences);
    }

    private List<Brand.Way> otherWays(YamlFields brand) {
        var ways = new ArrayList<Brand.Way>();
        for (var each : brand.objects("other_ways")) {
            each.allow("text", "contact");
            each.requireValues();
            var text = text(each, "text");
            if (text == null) {
                each.fault("text", "is required");
            } else {
                ways.add(new Brand.Way(text, contact(each, "contact", Contact::of, Contact.RULE)));
            }
        }
        if (ways.size() > MAX_WAYS) {
            brand.fault("other_ways", "must be at most " + MAX_WAYS);
        }
        return ways;
    }
}
