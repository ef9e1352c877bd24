package net.cartback.deletion.status;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.cases.CaseTexts.Telling;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.page.Words;
import net.cartback.deletion.reading.Statuses.Coded;
import net.cartback.deletion.subject.OnBehalfOf;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RetentionPeriods;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

class CaseMailTest {

    private static final ConfirmationCode CODE = new ConfirmationCode("7K3M9Q2XVB4T8WZC5N6R1YHDJF");
    private static final Instant NOW = Instant.parse("2026-11-29T14:05:00Z");
    private static final Pattern PLACE = Pattern.compile("\\{[a-z_]+}");

    @ParameterizedTest
    @EnumSource(Language.class)
    void a_mail_says_in_every_language_and_situation_what_the_page_says(Language language) {
        var words = Words.of(language);
        for (var situation : SampleStatuses.situations().toList()) {
            var page = SampleStatuses.page(situation, words);
            for (var brand : List.of(Brand.NONE, SampleBrand.WHOLE)) {
                var mail = write(situation, language, null, brand);
                assertThat(mail)
                        .as(situation + " " + language)
                        .contains(page.title().plain() + "\n", page.lead().getFirst().plain())
                        .contains("https://relay.example.com/status/" + CODE.value())
                        .contains("Example Shop", words.say("mail.safe").plain())
                        .doesNotContain("<p", "<a ", "&lt;", "&amp;", "\r")
                        .doesNotContainPattern(PLACE);
                for (var part : page.parts()) {
                    part.said().forEach(said -> assertThat(mail).contains(said.plain()));
                }
                assertThat(mail.contains("/proof"))
                        .as("a proof only where it is finished")
                        .isEqualTo(page.isFinished());
                assertThat(mail.contains("\u2068")).isEqualTo(language == Language.ARABIC);
            }
        }
    }

    @Test
    void no_sentence_of_a_mail_takes_it_for_the_page() {
        for (var situation : SampleStatuses.situations().toList()) {
            var mail = write(situation, Language.ENGLISH, null, SampleBrand.WHOLE);
            assertThat(mail.replace("On this page you can see at any time", ""))
                    .as(situation)
                    .doesNotContainIgnoringCase("this page", "print");
        }
    }

    @Test
    void whose_data_it_is_about_is_said_first_where_somebody_else_asks() {
        assertThat(write("received", Language.ENGLISH, OnBehalfOf.CHILD, Brand.NONE))
                .startsWith("This was asked on behalf of somebody else.");
    }

    @Test
    void the_sender_has_the_name_of_the_brand() {
        var sent =
                mail(SampleBrand.WHOLE)
                        .write(Telling.FINISHED, Language.GERMAN, null, requests("deleted"));
        assertThat(sent.sender()).isNotBlank();
        assertThat(sent.body()).contains(String.valueOf(sent.sender()));
        assertThat(
                        mail(Brand.NONE)
                                .write(Telling.FINISHED, Language.GERMAN, null, requests("deleted"))
                                .sender())
                .isNull();
    }

    private static String write(
            String situation, Language language, @Nullable OnBehalfOf onBehalfOf, Brand brand) {
        return mail(brand)
                .write(Telling.RECEIVED, language, onBehalfOf, requests(situation))
                .body();
    }

    private static List<Coded> requests(String situation) {
        return List.of(
                new Coded(
                        CODE,
                        SampleStatuses.status(situation, "Example Shop", "Customer records")));
    }

    private static CaseMail mail(Brand brand) {
        return new CaseMail(
                () -> NOW,
                brand,
                RetentionPeriods.USUAL,
                new PublicUrl("https://relay.example.com"));
    }
}
