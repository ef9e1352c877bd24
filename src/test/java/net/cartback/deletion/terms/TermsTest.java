package net.cartback.deletion.terms;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.answer.AnswerReading;
import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.language.Names;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.reading.RequestStatus.Part;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;

class TermsTest {

    private static final RequestStatus.Tries TRIES = new RequestStatus.Tries(1, null, null);
    private static final RequestStatus.App APP =
            new RequestStatus.App(
                    Names.of("Example Shop"), Platform.FACEBOOK, RequestStatus.Way.SIGNED, true);
    private static final Instant RECEIVED = Instant.parse("2026-11-24T10:00:00Z");
    private static final Instant DUE = Instant.parse("2026-12-24T10:00:00Z");

    @ParameterizedTest
    @CsvSource({
        "2026-11-24T10:00:00Z, 2026-12-24T10:00:00Z", // a month of 30 days: both alike
        "2026-12-24T10:00:00Z, 2027-01-23T10:00:00Z", // a month of 31 days: 30 days are less
        "2027-01-31T10:00:00Z, 2027-02-28T10:00:00Z", // February: the month is less
        "2028-01-31T10:00:00Z, 2028-02-29T10:00:00Z"
    })
    void a_request_is_due_after_30_days_or_a_month_whichever_is_less(
            Instant received, Instant due) {
        assertThat(DueDate.of(received)).isEqualTo(due);
    }

    @Test
    void codes_differ_and_are_26_characters_without_i_l_o_u() {
        var random = new SecureRandom();
        var codes = new HashSet<String>();
        for (int i = 0; i < 1000; i++) {
            var code = ConfirmationCode.random(random);
            assertThat(code.value()).matches("[0-9A-HJKMNP-TV-Z]{26}");
            assertThat(code.toString()).doesNotContain(code.value());
            codes.add(code.value());
        }
        assertThat(codes).hasSize(1000);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "7K3M9Q2XVB4T8WZC5N6R1YHD0F", "7k3m9q2xvb4t8wzc5n6r1yhd0f",
                "7K3M9-Q2XVB-4T8WZ-C5N6R-1YHD0-F", " 7k3m9 q2xvb 4t8wz c5n6r iyhdo f ",
                "7K3M9Q2XVB4T8WZC5N6RLYHDOF", "7K3M9Q2XVB4T8WZC5N6RlYHDoF"
            })
    void a_code_is_read_as_people_spell_it(String typed) {
        assertThat(ConfirmationCode.typed(typed))
                .contains(new ConfirmationCode("7K3M9Q2XVB4T8WZC5N6R1YHD0F"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "7K3M9Q2XVB4T8WZC5N6R1YHD0", "7K3M9Q2XVB4T8WZC5N6R1YHD0FF",
                "UK3M9Q2XVB4T8WZC5N6R1YHD0F", "7K3M9Q2XVB4T8WZC5N6R1YHD0!",
                        "７K3M9Q2XVB4T8WZC5N6R1YHD0F",
                "ſK3M9Q2XVB4T8WZC5N6R1YHD0F", "%00", "../../etc/passwd"
            })
    void what_cannot_be_a_code_is_none(String typed) {
        assertThat(ConfirmationCode.typed(typed)).isEmpty();
    }

    @Test
    void request_ids_are_uuids_of_version_7_and_sort_by_time() {
        var random = new SecureRandom();
        var first = RequestId.at(RECEIVED, random).value();
        var second = RequestId.at(RECEIVED.plusMillis(1), random).value();

        assertThat(first.version()).isEqualTo(7);
        assertThat(first.variant()).isEqualTo(2);
        assertThat(first.toString()).isLessThan(second.toString());
    }

    @Test
    void an_answer_is_the_same_in_whatever_order_it_is_given() {
        var one =
                reading(
                        "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"},{\"category\":\"orders\",\"ground\":\"legal_claims\",\"until\":null}]}");
        var other =
                reading(
                        "{\"note\":1,\"retained\":[{\"ground\":\"legal_claims\",\"category\":\"orders\"},{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}],\"outcome\":\"retained\"}");

        assertThat(one).isInstanceOf(AnswerReading.Read.class).isEqualTo(other);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "outcome | {'outcome':'gone'}",
                "outcome | {'outcome':7}",
                "retained | {'outcome':'retained','retained':[]}",
                "retained | {'outcome':'retained','retained':'all'}",
                "retained |"
                    + " {'outcome':'deleted','retained':[{'category':'orders','ground':'archiving'}]}",
                "ground | {'outcome':'refused','ground':'because'}",
                "retained[0].category |"
                    + " {'outcome':'retained','retained':[{'category':'secrets','ground':'archiving'}]}",
                "retained[0].ground |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'request_excessive'}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':'soon'}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':2032}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':'+999999999-12-31'}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':'-999999999-01-01'}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':'1970-01-01'}]}",
                "retained[0].until |"
                    + " {'outcome':'retained','retained':[{'category':'orders','ground':'archiving','until':'2200-01-01'}]}"
            })
    void an_unacceptable_answer_names_its_field(String field, String body) {
        assertThat(reading(body.replace('\'', '"')))
                .isInstanceOfSatisfying(
                        AnswerReading.Unacceptable.class,
                        fault -> assertThat(fault.field()).isEqualTo(field));
    }

    @ParameterizedTest
    @CsvSource({
        "DELETED, deleted",
        "NOTHING_FOUND, nothing_found",
        "DELETED NOTHING_FOUND, deleted",
        "REFUSED, refused",
        "REFUSED NOTHING_FOUND, refused",
        "DELETED REFUSED, deleted_some_retained",
        "RETAINED, deleted_some_retained",
        "RETAINED NOTHING_FOUND, deleted_some_retained",
        "RETAINED REFUSED, deleted_some_retained",
        "UNCONFIRMED, partly_confirmed",
        "UNCONFIRMED RETAINED REFUSED DELETED, partly_confirmed"
    })
    void the_outcome_follows_from_the_parts(String outcomes, String expected) {
        var parts =
                Arrays.stream(outcomes.split(" "))
                        .map(each -> part(DeliveryState.CLOSED, Outcome.valueOf(each)))
                        .toList();

        assertThat(
                        new RequestStatus(APP, RECEIVED, DUE, DUE, null, null, parts)
                                .outcome()
                                .orElseThrow()
                                .wireName())
                .isEqualTo(expected);
    }

    @Test
    void the_state_follows_from_the_parts_and_the_time() {
        var waiting = part(DeliveryState.AWAITING_RECEIPT, null);
        var done = part(DeliveryState.CLOSED, Outcome.DELETED);

        assertThat(open(waiting).state(DUE)).isEqualTo(RequestStatus.State.RECEIVED);
        assertThat(open(waiting, done).state(DUE)).isEqualTo(RequestStatus.State.IN_PROGRESS);
        assertThat(open(waiting, done).state(DUE.plusMillis(1)))
                .isEqualTo(RequestStatus.State.DELAYED);
        assertThat(open().state(DUE)).isEqualTo(RequestStatus.State.RECEIVED);
        var gone = part(DeliveryState.CLOSED, Outcome.UNCONFIRMED);
        assertThat(open(waiting, gone).state(DUE)).isEqualTo(RequestStatus.State.RECEIVED);
        assertThat(open(gone, done).confirmed()).isEqualTo(1);
        assertThat(
                        new RequestStatus(APP, RECEIVED, DUE, DUE, null, null, List.of(done))
                                .state(DUE.plusSeconds(9)))
                .isEqualTo(RequestStatus.State.COMPLETED);
        assertThat(open(waiting).outcome()).isEmpty();
    }

    private static RequestStatus open(Part... parts) {
        return new RequestStatus(APP, RECEIVED, DUE, null, null, null, List.of(parts));
    }

    private static Part part(DeliveryState state, @Nullable Outcome outcome) {
        var retained =
                outcome == Outcome.RETAINED
                        ? List.of(
                                new Retained(
                                        Category.INVOICES,
                                        Ground.LEGAL_OBLIGATION,
                                        LocalDate.of(2032, 12, 31)))
                        : List.<Retained>of();
        return new Part(Names.of("CRM"), state, outcome, retained, null, TRIES, null, null, false);
    }

    private static AnswerReading reading(String json) {
        return AnswerReading.of(json.getBytes(UTF_8));
    }
}
