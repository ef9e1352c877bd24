package net.cartback.deletion.brand;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

/**
 * An SVG file written anew with what draws, and nothing else: no script, no events, no addresses
 * beyond the file (W3C, SVG 2). A browser runs nothing in a picture; but a person may open the
 * picture alone.
 *
 * @param leftOut the names of elements and attributes that are not in it
 */
record SvgLogo(byte[] content, List<String> leftOut) {

    private static final String SVG = "http://www.w3.org/2000/svg";
    private static final String XLINK = "http://www.w3.org/1999/xlink";
    private static final int MAX_DEPTH = 50;

    /** Some that use each other draw without end. */
    private static final int MAX_USES = 20;

    private static final Set<String> SHAPES =
            Set.of("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text");

    private static final Set<String> ELEMENTS =
            Set.of(
                    "svg",
                    "g",
                    "defs",
                    "symbol",
                    "use",
                    "title",
                    "desc",
                    "path",
                    "rect",
                    "circle",
                    "ellipse",
                    "line",
                    "polyline",
                    "polygon",
                    "text",
                    "tspan",
                    "linearGradient",
                    "radialGradient",
                    "stop",
                    "clipPath",
                    "mask",
                    "style");

    private static final Set<String> ATTRIBUTES =
            Set.of(
                    "id",
                    "class",
                    "style",
                    "viewBox",
                    "preserveAspectRatio",
                    "version",
                    "width",
                    "height",
                    "x",
                    "y",
                    "x1",
                    "y1",
                    "x2",
                    "y2",
                    "cx",
                    "cy",
                    "r",
                    "rx",
                    "ry",
                    "fx",
                    "fy",
                    "d",
                    "points",
                    "transform",
                    "offset",
                    "gradientUnits",
                    "gradientTransform",
                    "spreadMethod",
                    "clipPathUnits",
                    "maskUnits",
                    "maskContentUnits",
                    "fill",
                    "fill-opacity",
                    "fill-rule",
                    "clip-path",
                    "clip-rule",
                    "mask",
                    "opacity",
                    "stroke",
                    "stroke-width",
                    "stroke-opacity",
                    "stroke-linecap",
                    "stroke-linejoin",
                    "stroke-miterlimit",
                    "stroke-dasharray",
                    "stroke-dashoffset",
                    "stop-color",
                    "stop-opacity",
                    "color",
                    "display",
                    "visibility",
                    "font-family",
                    "font-size",
                    "font-style",
                    "font-weight",
                    "letter-spacing",
                    "text-anchor",
                    "dominant-baseline",
                    "dx",
                    "dy");

    private static final Pattern HERE = Pattern.compile("#[A-Za-z_][\\w.-]*");

    /**
     * What leads out of a style, or hides what does: an address, an escape, a rule that fetches.
     */
    private static final Pattern LEADS_OUT =
            Pattern.compile(
                    "(?i)url\\s*\\(\\s*(?!['\"]?#)|\\\\|@(?!media\\b)|image-set|src\\s*\\(");

    /** After the mark of UTF-8 and blanks; in UTF-16 there is a zero in between. */
    private static final Pattern BEGINS_AS_XML =
            Pattern.compile("^[\\xEF\\xBB\\xBF\\xFE\\xFF\\s\\x00]*<");

    private static final Pattern CSS_COMMENT = Pattern.compile("/\\*.*?\\*/", Pattern.DOTALL);

    /** They hold no style. */
    private static final Set<String> NAMES = Set.of("id", "class");

    /** What draws within them must not be drawn by them again, and so on without end. */
    private static final Set<String> COVERS = Set.of("mask", "clipPath");

    /**
     * Reads a file.
     *
     * @throws IllegalArgumentException with a sentence, if it is no SVG, or draws nothing
     */
    static SvgLogo of(byte[] file) {
        if (!BEGINS_AS_XML
                .matcher(new String(file, 0, Math.min(file.length, 200), ISO_8859_1))
                .find()) {
            throw new IllegalArgumentException(
                    "is neither a PNG file nor an SVG file, whatever its name says");
        }
        var factory = XMLInputFactory.newDefaultFactory();
        // A document type is passed over: nothing is fetched, and no entity is known.
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        // Else it writes to the error stream what it also throws.
        factory.setXMLReporter((message, type, related, location) -> {});
        try {
            var reader = factory.createXMLStreamReader(new ByteArrayInputStream(file));
            if ("1.1".equals(reader.getVersion())) {
                throw new IllegalArgumentException("must be XML 1.0");
            }
            return new Copy(reader).whole();
        } catch (XMLStreamException e) {
            var at = e.getLocation();
            throw new IllegalArgumentException(
                    "is no PNG file, and no SVG file that can be read: see line %d, column %d (it may declare no entities)"
                            .formatted(
                                    at == null ? 1 : Math.max(1, at.getLineNumber()),
                                    at == null ? 1 : Math.max(1, at.getColumnNumber())),
                    e);
        }
    }

    /** Copies one document, element by element. */
    private static final class Copy {

        private final XMLStreamReader from;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final XMLStreamWriter to;
        private final Set<String> leftOut = new TreeSet<>();
        private int uses;
        private boolean draws;
        private int covers;
        private final Deque<String> open = new ArrayDeque<>();

        Copy(XMLStreamReader from) throws XMLStreamException {
            this.from = from;
            this.to =
                    XMLOutputFactory.newDefaultFactory().createXMLStreamWriter(bytes, UTF_8.name());
        }

        SvgLogo whole() throws XMLStreamException {
            while (from.hasNext()) {
                switch (from.next()) {
                    case XMLStreamConstants.START_ELEMENT -> begin();
                    case XMLStreamConstants.END_ELEMENT -> {
                        to.writeEndElement();
                        covers -= COVERS.contains(open.pop()) ? 1 : 0;
                    }
                    case XMLStreamConstants.CHARACTERS -> {
                        if (!open.isEmpty()) {
                            to.writeCharacters(from.getText());
                        }
                    }
                    // Comments, instructions and document types draw nothing.
                    default -> {}
                }
            }
            to.close();
            if (!draws) {
                throw new IllegalArgumentException("is an SVG that draws nothing");
            }
            return new SvgLogo(bytes.toByteArray(), List.copyOf(leftOut));
        }

        private void begin() throws XMLStreamException {
            var name = from.getLocalName();
            boolean isDrawn = SVG.equals(from.getNamespaceURI()) && ELEMENTS.contains(name);
            if (open.isEmpty() && !(isDrawn && name.equals("svg"))) {
                throw new IllegalArgumentException(
                        "is XML, but no SVG file (entities are not filled in)");
            }
            if (!isDrawn || (name.equals("use") && ++uses > MAX_USES) || open.size() == MAX_DEPTH) {
                if (SVG.equals(from.getNamespaceURI())) {
                    leftOut.add(name);
                }
                passOver();
                return;
            }
            if (name.equals("style")) {
                style();
                return;
            }
            if (open.isEmpty()) {
                to.setDefaultNamespace(SVG);
                to.writeStartElement(SVG, name);
                to.writeDefaultNamespace(SVG);
            } else {
                to.writeStartElement(SVG, name);
            }
            open.push(name);
            covers += COVERS.contains(name) ? 1 : 0;
            draws |= SHAPES.contains(name);
            for (int i = 0; i < from.getAttributeCount(); i++) {
                attribute(
                        from.getAttributeNamespace(i),
                        from.getAttributeLocalName(i),
                        from.getAttributeValue(i));
            }
        }

        private void attribute(@Nullable String namespace, String name, String value)
                throws XMLStreamException {
            boolean isOwn = namespace == null || namespace.isEmpty();
            boolean isLink = name.equals("href") && (isOwn || XLINK.equals(namespace));
            if (isLink && HERE.matcher(value).matches()) {
                to.writeAttribute("href", value);
            } else if (isOwn && ATTRIBUTES.contains(name) && isHarmless(name, value)) {
                to.writeAttribute(name, value);
            } else if (isOwn || isLink) {
                // Others are notes of the program that drew it.
                leftOut.add(name);
            }
        }

        private boolean isHarmless(String name, String value) {
            if (covers > 0 && (name.equals("mask") || name.equals("clip-path"))) {
                return false;
            }
            return NAMES.contains(name) || !LEADS_OUT.matcher(value).find();
        }

        /** The whole of a style sheet: a browser reads what stands around a comment as one. */
        private void style() throws XMLStreamException {
            var css = new StringBuilder();
            boolean isPlain = true;
            for (int event = from.next();
                    event != XMLStreamConstants.END_ELEMENT;
                    event = from.next()) {
                if (event == XMLStreamConstants.CHARACTERS) {
                    css.append(from.getText());
                } else {
                    // Nobody needs an element or a comment within a style.
                    isPlain = false;
                    if (event == XMLStreamConstants.START_ELEMENT) {
                        passOver();
                    }
                }
            }
            // What is served is what was looked at: without comments, so that nothing hides in one.
            var plain = CSS_COMMENT.matcher(css).replaceAll(" ");
            if (isPlain && !plain.contains("/*") && !LEADS_OUT.matcher(plain).find()) {
                to.writeStartElement(SVG, "style");
                to.writeCharacters(plain);
                to.writeEndElement();
            } else {
                leftOut.add("style");
            }
        }

        /** To the end of the element that has begun. */
        private void passOver() throws XMLStreamException {
            for (int depth = 1; depth > 0; ) {
                int event = from.next();
                if (event == XMLStreamConstants.START_ELEMENT) {
                    depth++;
                } else if (event == XMLStreamConstants.END_ELEMENT) {
                    depth--;
                }
            }
        }
    }
}
