package net.cartback.deletion.brand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;

import javax.imageio.ImageIO;

class LogoTest {

    private static final String OPEN =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\">";
    private static final String SHAPE = "<path d=\"M0 0h9v9z\"/>";

    @Test
    void what_draws_stays() {
        var drawn =
                OPEN
                        + "<defs><linearGradient id=\"g\"><stop offset=\"1\" stop-color=\"#f00\">"
                        + "</stop></linearGradient></defs><style>.a{fill:url(#g)}</style>"
                        + "<g class=\"a\" transform=\"scale(2)\"><path d=\"M0 0h9v9z\"></path></g>"
                        + "<text x=\"1\" y=\"2\">Cart &amp; Back</text></svg>";
        var logo = svg(drawn);
        assertThat(text(logo)).isEqualTo(drawn);
        assertThat(logo.leftOut()).isEmpty();
        assertThat(logo.contentType()).isEqualTo("image/svg+xml");
        assertThat(logo.path()).matches("/logo/[0-9a-f]{16}\\.svg");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<script>alert(1)</script> | script",
                "<SCRIPT>alert(1)</SCRIPT> | SCRIPT",
                "<g onload=\"alert(1)\"/> | onload",
                "<image href=\"https://evil.example/x.png\"/> | image",
                "<use href=\"https://evil.example/x.svg#a\"/> | href",
                "<use href=\"data:image/svg+xml;base64,AAAA#a\"/> | href",
                "<a href=\"javascript:alert(1)\"><path d=\"M0\"/></a> | a",
                "<foreignObject><div xmlns=\"http://www.w3.org/1999/xhtml\"/></foreignObject> |"
                        + " foreignObject",
                "<style>@import url(https://evil.example/x.css);</style> | style",
                "<style>.a{fill:URL( 'https://evil.example/x')}</style> | style",
                "<style>.a{b:u\\72l(https://evil.example)}</style> | style",
                "<style>.a{fill:u<!-- -->rl(https://evil.example)}</style> | style",
                "<style>.a{fill:u<?x y?>rl(https://evil.example)}</style> | style",
                "<style>.a{fill:u<g/>rl(https://evil.example)}</style> | style",
                "<style><g/>@import 'https://evil.example';</style> | style",
                "<style><title>.a{fill:url(https://evil.example)}</title></style> | style",
                "<style><![CDATA[.a{fill:u]]><![CDATA[rl(https://evil.example)}]]></style> |"
                        + " style",
                "<mask id=\"m\"><g mask=\"url(#m)\"/></mask> | mask",
                "<clipPath id=\"c\"><g clip-path=\"url(#c)\"/></clipPath> | clip-path",
                "<g style=\"background:url(//evil.example)\"/> | style",
                "<g fill=\"url(https://evil.example#a)\"/> | fill",
                "<animate attributeName=\"href\" to=\"javascript:alert(1)\"/> | animate",
                "<set attributeName=\"onload\" to=\"alert(1)\"/> | set",
                "<iframe src=\"https://evil.example\"/> | iframe",
                "<filter><feImage href=\"https://evil.example\"/></filter> | filter",
            })
    void what_runs_or_leads_elsewhere_is_left_out_and_named(String part, String name) {
        var logo = svg(OPEN + part + SHAPE + "</svg>");
        assertThat(text(logo))
                .doesNotContainIgnoringCase(
                        "script", "evil", "onload", "import", "data:", "div", "feImage", "\\");
        assertThat(logo.leftOut()).containsExactly(name);
    }

    @Test
    void notes_of_the_program_that_drew_it_are_left_out_without_a_word() {
        var logo =
                svg(
                        "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\""
                                + " \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">"
                                + "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:i=\"urn:ink\">"
                                + "<!-- by somebody --><?go on?><i:view i:zoom=\"2\"/>"
                                + SHAPE
                                + "</svg>");
        assertThat(text(logo)).doesNotContain("somebody", "zoom", "DOCTYPE", "go on", "ink");
        assertThat(logo.leftOut()).isEmpty();
    }

    /** Each that uses two others draws twice as much: thirty of them draw for years. */
    @Test
    void a_picture_that_multiplies_itself_is_cut() {
        var bomb = new StringBuilder(OPEN).append("<g id=\"a0\">").append(SHAPE).append("</g>");
        for (int i = 1; i < 40; i++) {
            bomb.append(
                    "<g id=\"a%1$d\"><use href=\"#a%2$d\"/><use href=\"#a%2$d\"/></g>"
                            .formatted(i, i - 1));
        }
        var logo = svg(bomb + "</svg>");
        assertThat(text(logo).split("<use", -1)).hasSize(21);
        assertThat(logo.leftOut()).containsExactly("use");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "GIF89a",
                "<svg",
                "<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>",
                "<svg><path d=\"M0\"/></svg>",
                "<!DOCTYPE svg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><svg"
                        + " xmlns=\"http://www.w3.org/2000/svg\"><text>&b;</text></svg>",
                "<!DOCTYPE svg [<!ENTITY f SYSTEM \"file:///etc/passwd\">]><svg"
                        + " xmlns=\"http://www.w3.org/2000/svg\"><text>&f;</text></svg>",
            })
    void what_is_no_picture_is_refused(String file) {
        assertThatThrownBy(() -> svg(file)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_picture_of_a_depth_that_nobody_draws_is_cut() {
        var logo = svg(OPEN + "<g>".repeat(80) + SHAPE + "</g>".repeat(80) + SHAPE + "</svg>");
        assertThat(text(logo).split("<g", -1)).hasSize(50);
    }

    @Test
    void a_style_is_served_without_its_comments_and_what_they_hid() {
        var logo =
                svg(
                        OPEN
                                + "<style>/* Generator */.a{fill:red}/*"
                                + " url(https://evil.example) */</style>"
                                + SHAPE
                                + "</svg>");
        assertThat(text(logo)).contains(".a{fill:red}").doesNotContain("Generator", "evil");
        assertThat(logo.leftOut()).isEmpty();

        var hidden =
                svg(
                        OPEN
                                + "<style>.a{fill:u/**/rl(https://evil.example)}/*</style>"
                                + SHAPE
                                + "</svg>");
        assertThat(text(hidden)).doesNotContain("evil");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\u00ff\u00d8\u00ff\u00e0\0\20JFIF", "GIF89a", "RIFF....WEBP", "", "  x"})
    void what_is_neither_is_told_so(String file) {
        assertThatThrownBy(() -> Logo.of(file.getBytes(ISO_8859_1)))
                .hasMessageStartingWith("is neither a PNG file nor an SVG file");
    }

    @Test
    void a_png_keeps_its_pixels_and_loses_the_rest() throws IOException {
        var image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_ARGB);
        var random = new Random(1);
        for (int x = 0; x < 40; x++) {
            for (int y = 0; y < 30; y++) {
                image.setRGB(x, y, random.nextInt());
            }
        }
        var plain = png(image);
        var noted = withChunk(plain, "eXIf", "Author\0Somebody");
        noted = withChunk(noted, "tEXt", "Author\0Somebody");
        var logo = Logo.of(append(noted, "<script>".getBytes(UTF_8)));
        assertThat(logo.content()).isEqualTo(plain);
        assertThat(logo.contentType()).isEqualTo("image/png");
        assertThat(logo.leftOut()).as("notes are not missed").containsExactly("eXIf");
        var read = ImageIO.read(new ByteArrayInputStream(logo.content()));
        assertThat(read.getRGB(17, 5)).isEqualTo(image.getRGB(17, 5));
    }

    @Test
    void a_png_that_is_broken_anywhere_is_refused() throws IOException {
        var png = png(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB));
        for (int i = 0; i < png.length; i++) {
            var broken = png.clone();
            broken[i] ^= 0x41;
            assertThatThrownBy(() -> Logo.of(broken)).isInstanceOf(IllegalArgumentException.class);
            var cut = Arrays.copyOf(png, i);
            assertThatThrownBy(() -> Logo.of(cut)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    /** What a browser would not show, or what holds what is not drawn. */
    @Test
    void a_png_that_breaks_the_recommendation_is_refused() throws IOException {
        var png = png(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB));
        var pixels = Arrays.copyOfRange(png, 33, png.length);
        var empty = Arrays.copyOf(png, 8);
        for (var header :
                new byte[][] {
                    {},
                    {0, 0, 0, 8, 0, 0, 0, 8, 77, 9, 0, 0, 0},
                    // Colours of a palette that is not there.
                    {0, 0, 0, 8, 0, 0, 0, 8, 8, 3, 0, 0, 0},
                    // More pixels than there are.
                    {0, 0, 8, 0, 0, 0, 8, 0, 8, 2, 0, 0, 0},
                    {0, 0, 0, 8, 0, 0, 0, 8, 8, 2, 0, 0, 0, '<', 's'},
                }) {
            var file = append(append(empty, chunk("IHDR", header)), pixels);
            assertThatThrownBy(() -> Logo.of(file)).isInstanceOf(IllegalArgumentException.class);
        }
        for (var chunk :
                new byte[][] {
                    chunk("IHDR", new byte[13]),
                    chunk("tRNS", "<script>".getBytes(UTF_8)),
                    chunk("PLTE", new byte[4]),
                    chunk("IEND", new byte[3]),
                    chunk("ABCD", new byte[0]),
                }) {
            var file = append(append(Arrays.copyOf(png, 33), chunk), pixels);
            assertThatThrownBy(() -> Logo.of(file)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void a_logo_has_a_limit() throws IOException {
        assertThatThrownBy(() -> Logo.of(new byte[Logo.MAX_BYTES + 1]))
                .hasMessage("must be at most 256 KiB");
        assertThatThrownBy(
                        () -> Logo.of(png(new BufferedImage(2_049, 1, BufferedImage.TYPE_INT_RGB))))
                .hasMessage("is a PNG of 2049 x 1 pixels; each side must be from 1 to 2048");
    }

    private static Logo svg(String text) {
        return Logo.of(text.getBytes(UTF_8));
    }

    private static String text(Logo logo) {
        return new String(logo.content(), UTF_8);
    }

    private static byte[] png(BufferedImage image) throws IOException {
        var bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }

    /** Right after the header. */
    private static byte[] withChunk(byte[] png, String type, String content) {
        int header = 8 + 25;
        return append(
                append(Arrays.copyOf(png, header), chunk(type, content.getBytes(UTF_8))),
                Arrays.copyOfRange(png, header, png.length));
    }

    private static byte[] chunk(String type, byte[] content) {
        var checked = append(type.getBytes(UTF_8), content);
        var sum = new CRC32();
        sum.update(checked);
        return ByteBuffer.allocate(checked.length + 8)
                .putInt(content.length)
                .put(checked)
                .putInt((int) sum.getValue())
                .array();
    }

    private static byte[] append(byte[] one, byte[] other) {
        var both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);
        return both;
    }
}
