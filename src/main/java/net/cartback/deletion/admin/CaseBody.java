package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.JsonNode;

import net.cartback.deletion.cases.Channel;
import net.cartback.deletion.cases.Contact;
import net.cartback.deletion.cases.NewCase;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.mail.MailServer;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.subject.Identifier;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.subject.OnBehalfOf;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.Right;
import net.cartback.deletion.subject.Verification;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** A case as an operator enters it, in JSON. */
final class CaseBody {

    static final String[] FIELDS = {
        "channel",
        "received_at",
        "acknowledged_at",
        "right",
        "apps",
        "identifiers",
        "on_behalf_of",
        "wish",
        "notify",
        "language"
    };

    /** Where a person is told by mail. */
    static final String[] CONTACT = {"notify", "language"};

    /** What an operator can establish. */
    private static final Set<Verification> BY_OPERATORS =
            EnumSet.of(
                    Verification.OPERATOR_CALL_BACK,
                    Verification.OPERATOR_LETTER,
                    Verification.OPERATOR_IN_PERSON,
                    Verification.GUARDIAN,
                    Verification.AGENT_CONFIRMED_BY_PERSON);

    /** What alone is taken where somebody else asks. */
    private static final Map<OnBehalfOf, Verification> ON_BEHALF =
            Map.of(
                    OnBehalfOf.CHILD, Verification.GUARDIAN,
                    OnBehalfOf.AGENT, Verification.AGENT_CONFIRMED_BY_PERSON);

    /** Older wishes were due long ago: this one is a slip of the pen. */
    private static final Duration OLDEST = Duration.ofDays(365);

    private final AdminBody body;
    private final Registry registry;
    private final boolean sendsMails;
    private final Instant now;

    /**
     * @param sendsMails whether people can be told by mail
     */
    CaseBody(AdminBody body, Registry registry, boolean sendsMails, Instant now) {
        this.body = body;
        this.sendsMails = sendsMails;
        this.registry = registry;
        this.now = now;
    }

    NewCase read() {
        var channel = body.word("channel", Channel.values(), each -> true);
        var right = body.word("right", Right.values(), each -> true);
        var onBehalfOf =
                body.has("on_behalf_of")
                        ? body.word("on_behalf_of", OnBehalfOf.values(), each -> true)
                        : null;
        var identifiers = identifiers(onBehalfOf);
        var received = receivedAt();
        return new NewCase(
                channel,
                received,
                acknowledgedAt(received),
                contact(body, sendsMails, null),
                apps(),
                new Person(right, identifiers, onBehalfOf, wish()));
    }

    private Instant receivedAt() {
        var received = body.requiredInstant("received_at");
        if (received.isAfter(now)) {
            throw AdminBody.fault("received_at", "must not be in the future");
        }
        if (received.isBefore(now.minus(OLDEST))) {
            throw AdminBody.fault("received_at", "must be in the last 365 days");
        }
        return received;
    }

    private @Nullable Instant acknowledgedAt(Instant received) {
        var acknowledged = body.instant("acknowledged_at");
        if (acknowledged != null
                && (acknowledged.isBefore(received) || acknowledged.isAfter(now))) {
            throw AdminBody.fault(
                    "acknowledged_at", "must not be before received_at, nor in the future");
        }
        return acknowledged;
    }

    /**
     * Where the person is told by mail; null: nowhere.
     *
     * @param before in which language the person was told so far; null: in none
     */
    static @Nullable Contact contact(
            AdminBody body, boolean sendsMails, @Nullable Language before) {
        if (!body.has("notify")) {
            if (body.has("language")) {
                throw AdminBody.fault("language", "makes no sense without notify");
            }
            return null;
        }
        if (!sendsMails) {
            throw AdminBody.fault(
                    "notify", "needs a mail server: this relay has none (SMTP_URL is not set)");
        }
        var email =
                Optional.ofNullable(body.field("notify").textValue())
                        .flatMap(IdentifierType.EMAIL::read)
                        .orElseThrow(() -> AdminBody.fault("notify", IdentifierType.EMAIL.rule()));
        if (!MailServer.canReach(email)) {
            throw AdminBody.fault(
                    "notify",
                    "has a domain that not every program writes alike: give it in ASCII (xn--…)");
        }
        var language =
                body.has("language")
                        ? Arrays.stream(Language.values())
                                .filter(
                                        each ->
                                                each.tag()
                                                        .equals(body.field("language").textValue()))
                                .findFirst()
                                .orElseThrow(
                                        () ->
                                                AdminBody.fault(
                                                        "language",
                                                        "must be one of "
                                                                + Arrays.stream(Language.values())
                                                                        .map(Language::tag)
                                                                        .collect(
                                                                                Collectors.joining(
                                                                                        ", "))))
                        : before == null ? Language.ENGLISH : before;
        return new Contact(email, language);
    }

    private List<MetaApp> apps() {
        var apps = new ArrayList<MetaApp>();
        for (var each : list("apps", NewCase.MAX_APPS)) {
            var app =
                    Optional.ofNullable(each.textValue())
                            .filter(MetaAppId::isValid)
                            .map(MetaAppId::new)
                            .flatMap(registry::app)
                            .filter(one -> !one.retired())
                            .orElseThrow(
                                    () ->
                                            AdminBody.fault(
                                                    "apps",
                                                    "must hold ids of registered apps that are not"
                                                            + " retired"));
            if (apps.contains(app)) {
                throw AdminBody.fault("apps", "must hold each id once");
            }
            apps.add(app);
        }
        return apps;
    }

    private List<Identifier> identifiers(@Nullable OnBehalfOf onBehalfOf) {
        var identifiers = new ArrayList<Identifier>();
        for (var each : list("identifiers", Person.MAX_IDENTIFIERS)) {
            identifiers.add(identifier(each, "identifiers[" + identifiers.size() + "]"));
        }
        for (int i = 0; i < identifiers.size(); i++) {
            requireFit(identifiers.get(i), "identifiers[" + i + "]", onBehalfOf);
        }
        if (identifiers.stream().map(Identifier::compared).distinct().count()
                < identifiers.size()) {
            throw AdminBody.fault("identifiers", "must hold each once");
        }
        if (identifiers.stream().noneMatch(Identifier::selects)) {
            throw AdminBody.fault(
                    "identifiers",
                    "must hold at least one that is verified: what is not verified finds nobody");
        }
        return identifiers;
    }

    /** How something was verified says for whom somebody asks, and what it can prove. */
    private static void requireFit(
            Identifier identifier, String field, @Nullable OnBehalfOf onBehalfOf) {
        var verified = identifier.verified();
        if (verified == null) {
            return;
        }
        // What is established of somebody else who asks is not the person's.
        var needed = onBehalfOf == null ? null : ON_BEHALF.get(onBehalfOf);
        if (onBehalfOf != null && needed != null && verified != needed) {
            throw AdminBody.fault(
                    field + ".verified",
                    "must be null or "
                            + needed.wireName()
                            + " where somebody else asks (on_behalf_of "
                            + onBehalfOf.wireName()
                            + ")");
        }
        if (needed == null && ON_BEHALF.containsValue(verified)) {
            throw AdminBody.fault(
                    field + ".verified",
                    "must not be " + verified.wireName() + " where the person asks");
        }
        if (verified == Verification.OPERATOR_CALL_BACK
                && identifier.type() != IdentifierType.PHONE
                && identifier.type() != IdentifierType.WHATSAPP_NUMBER) {
            throw AdminBody.fault(
                    field + ".verified", "proves the number that was called, and nothing else");
        }
    }

    private static Identifier identifier(JsonNode json, String field) {
        for (var name : (Iterable<String>) json::fieldNames) {
            if (!Set.of("type", "value", "verified").contains(name)) {
                throw AdminBody.fault(field, "may hold only type, value and verified");
            }
        }
        var type =
                WireName.find(IdentifierType.class, json.path("type").asText())
                        .orElseThrow(
                                () ->
                                        AdminBody.fault(
                                                field + ".type",
                                                "must be one of "
                                                        + WireName.list(
                                                                List.of(IdentifierType.values()))));
        var verified = verified(json.path("verified"), type, field);
        return Optional.ofNullable(json.path("value").textValue())
                .flatMap(text -> Identifier.typed(type, text, verified))
                .orElseThrow(() -> AdminBody.fault(field + ".value", type.rule()));
    }

    private static @Nullable Verification verified(
            JsonNode json, IdentifierType type, String field) {
        if (json.isMissingNode() || json.isNull()) {
            return null;
        }
        if (!type.isVerifiable()) {
            throw AdminBody.fault(
                    field + ".verified", "must be null: many people share a " + type.wireName());
        }
        return WireName.find(Verification.class, json.asText())
                .filter(BY_OPERATORS::contains)
                .orElseThrow(
                        () ->
                                AdminBody.fault(
                                        field + ".verified",
                                        "must be null or one of " + WireName.list(BY_OPERATORS)));
    }

    /** Line by line, without what would show nothing, or turn the direction of other text. */
    private @Nullable String wish() {
        if (!body.has("wish")) {
            return null;
        }
        var text = body.field("wish").textValue();
        if (text == null
                || !StandardCharsets.UTF_8.newEncoder().canEncode(text)
                || text.codePointCount(0, text.length()) > Person.MAX_WISH) {
            throw AdminBody.fault(
                    "wish", "must be text of at most " + Person.MAX_WISH + " characters");
        }
        var wish = text.lines().map(Names::visible).collect(Collectors.joining("\n")).strip();
        return wish.isEmpty() ? null : wish;
    }

    private JsonNode list(String field, int most) {
        var list = body.field(field);
        if (!list.isArray() || list.isEmpty() || list.size() > most) {
            throw AdminBody.fault(field, "must be a list of 1 to " + most);
        }
        return list;
    }
}
