package net.cartback.deletion.subject;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A person who asks for themselves, or for whom somebody asks: confirmed, so at least one
 * identifier is verified.
 *
 * @param identifiers 1 to {@value #MAX_IDENTIFIERS}
 * @param onBehalfOf for whom somebody else asks; null: the person asks
 * @param wish what the person wrote, at most {@value #MAX_WISH} characters: a stranger's text, and
 *     never to be taken for anything else; null: nothing
 */
public record Person(
        Right right,
        List<Identifier> identifiers,
        @Nullable OnBehalfOf onBehalfOf,
        @Nullable String wish)
        implements Subject {

    public static final int MAX_IDENTIFIERS = 20;
    public static final int MAX_WISH = 2_000;

    private static final ObjectMapper JSON = new ObjectMapper();

    public Person {
        identifiers = List.copyOf(identifiers);
        if (identifiers.size() > MAX_IDENTIFIERS) {
            throw new IllegalArgumentException(
                    "A person has at most " + MAX_IDENTIFIERS + " identifiers");
        }
        if (identifiers.stream().noneMatch(Identifier::selects)) {
            throw new IllegalArgumentException("At least one identifier must be verified");
        }
        if (wish != null && wish.codePointCount(0, wish.length()) > MAX_WISH) {
            throw new IllegalArgumentException("A wish has at most " + MAX_WISH + " characters");
        }
    }

    /** The types by which a system may find this person. */
    public List<IdentifierType> selectingTypes() {
        return identifiers.stream()
                .filter(Identifier::selects)
                .map(Identifier::type)
                .distinct()
                .sorted()
                .toList();
    }

    /** Whether one of these kinds of identifiers is verified. */
    public boolean isFoundBy(Set<IdentifierType> accepted) {
        return identifiers.stream()
                .anyMatch(each -> each.selects() && accepted.contains(each.type()));
    }

    /**
     * What makes two such wishes the same: the right, for whom it is asked, and by what the person
     * may be found, however it is spelt. What is not verified counts too: of two people who share
     * an address, it says which one is meant.
     */
    public List<String> compared() {
        var all =
                identifiers.stream()
                        .map(each -> (each.selects() ? "" : "unverified ") + each.compared())
                        .distinct()
                        .sorted();
        return Stream.concat(Stream.of(right.wireName(), String.valueOf(wireName(onBehalfOf))), all)
                .toList();
    }

    /** As text, to be sealed. */
    public String written() {
        var json = JsonNodeFactory.instance.objectNode().put("right", right.wireName());
        var list = json.putArray("identifiers");
        for (var each : identifiers) {
            list.addObject()
                    .put("type", each.type().wireName())
                    .put("value", each.value())
                    .put("verified", wireName(each.verified()));
        }
        return json.put("on_behalf_of", wireName(onBehalfOf)).put("wish", wish).toString();
    }

    /**
     * From what {@link #written} gave.
     *
     * @throws PersonUnreadable if this version did not give it
     */
    public static Person read(String written) {
        try {
            var json = JSON.readTree(written);
            return new Person(
                    WireName.named(Right.class, json.path("right").asText()),
                    StreamSupport.stream(json.path("identifiers").spliterator(), false)
                            .map(Person::identifier)
                            .toList(),
                    named(OnBehalfOf.class, json.path("on_behalf_of")),
                    json.path("wish").textValue());
        } catch (JsonProcessingException | IllegalArgumentException e) {
            // Without the cause, which quotes.
            throw new PersonUnreadable();
        }
    }

    private static Identifier identifier(JsonNode json) {
        return new Identifier(
                WireName.named(IdentifierType.class, json.path("type").asText()),
                json.path("value").asText(),
                named(Verification.class, json.path("verified")));
    }

    private static <E extends Enum<E> & WireName> @Nullable E named(Class<E> type, JsonNode name) {
        return name.isTextual() ? WireName.named(type, name.textValue()) : null;
    }

    private static @Nullable String wireName(@Nullable WireName one) {
        return one == null ? null : one.wireName();
    }

    @Override
    public String toString() {
        return "Person[hidden]";
    }
}
