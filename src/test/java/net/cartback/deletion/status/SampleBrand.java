package net.cartback.deletion.status;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.brand.BrandReader;

import java.nio.file.Path;
import java.util.Map;

/** A brand that says all that a brand can say. */
final class SampleBrand {

    private static final String YAML =
            """
            name: "${NAME}"
            names: {ja: カートバック}
            logo: logo.svg
            logo_dark: logo-dark.svg
            colours:
              light: {accent: "#0b5394", header: "#ffffff"}
              dark: {accent: "#9bcbff", header: "#18212a"}
            contact: privacy@example.com
            address: [A <b Ltd, 1 High Street, London N1 1AA]
            privacy_policy: https://example.com/privacy
            complaints: complaints@example.com
            authority:
              name: "Authority of ${NAME}"
              page: https://authority.example/complain
            backups:
              en: "Copies in our backups are overwritten after 35 days. ${MORE}"
              de: Kopien in unseren Sicherungen werden nach 35 Tagen überschrieben.
            other_ways:
              - text: {en: Write to us.}
                contact: privacy@example.com
            """;

    static final Brand WHOLE = of(YAML.replace(" ${MORE}", ""), "Cart Back", "");

    private SampleBrand() {}

    /**
     * With markup, marks of direction and more than fits into a line, wherever a text may stand.
     */
    static Brand hostile() {
        return of(
                YAML,
                "<script src=//evil.example \u202E\u2066\"' onload=x " + "x".repeat(100),
                "</p <script \u202E" + "y".repeat(900));
    }

    private static Brand of(String yaml, String name, String more) {
        return BrandReader.read(
                yaml, Map.of("NAME", name, "MORE", more), Path.of("src/test/resources/brand"));
    }
}
