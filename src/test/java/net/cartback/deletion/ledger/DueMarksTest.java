package net.cartback.deletion.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.ledger.DueMarks.Claimed;
import net.cartback.deletion.ledger.DueMarks.From;
import net.cartback.deletion.terms.ClientSystemId;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

class DueMarksTest {

    private static final ClientSystemId CRM = new ClientSystemId("crm");
    private static final Instant DUE = Instant.parse("2026-11-25T12:00:00Z");
    private static final Instant MARK = DUE.minusSeconds(10);
    private static final Instant NOW = DUE.plusSeconds(60);

    private long ticks = 5;
    private final DueMarks marks = new DueMarks(() -> ticks);

    @Test
    void the_first_claim_walks_over_everything_and_the_next_goes_on_from_it() {
        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
        claimed(false, DUE.minusSeconds(5), DUE);

        assertThat(marks.next(NOW).fresh()).containsEntry(CRM, MARK);
        assertThat(marks.next(NOW).retries()).isEmpty();

        claimed(true, DUE.plusSeconds(1));
        assertThat(marks.next(NOW).retries()).containsEntry(CRM, MARK.plusSeconds(1));
    }

    @Test
    void a_mark_never_goes_back() {
        marks.next(NOW);
        claimed(false, DUE);
        marks.next(NOW);
        claimed(false, DUE.minusSeconds(60));

        assertThat(marks.next(NOW).fresh()).containsEntry(CRM, MARK);
    }

    @Test
    void everything_is_walked_over_again_after_five_seconds() {
        marks.next(NOW);
        claimed(false, DUE);
        pass(Duration.ofSeconds(5).minusNanos(1));
        assertThat(marks.next(NOW)).isNotEqualTo(From.BEGINNING);
        claimed(false, DUE);
        pass(Duration.ofNanos(1));

        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
    }

    @Test
    void a_walk_that_takes_long_comes_seldom() {
        marks.next(NOW);
        pass(Duration.ofSeconds(2));
        claimed(false, DUE);
        pass(Duration.ofSeconds(39));
        assertThat(marks.next(NOW)).isNotEqualTo(From.BEGINNING);
        claimed(false, DUE);
        pass(Duration.ofSeconds(1));

        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
    }

    @Test
    void a_walk_that_failed_is_made_again() {
        marks.next(NOW);

        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
    }

    @Test
    void a_mark_that_a_clock_made_which_was_ahead_marks_nothing() {
        marks.next(NOW);
        claimed(false, DUE.plus(Duration.ofHours(1)));
        claimed(true, DUE.plus(Duration.ofDays(800)));

        assertThat(marks.next(NOW).fresh()).isEmpty();
        assertThat(marks.next(NOW).retries()).isEmpty();
    }

    @Test
    void a_walk_that_fails_is_not_made_again_for_a_minute_where_there_are_marks() {
        marks.next(NOW);
        claimed(false, DUE);
        pass(Duration.ofSeconds(5));
        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
        pass(Duration.ofMinutes(1).minusNanos(1));
        assertThat(marks.next(NOW)).isNotEqualTo(From.BEGINNING);
        pass(Duration.ofNanos(1));
        assertThat(marks.next(NOW)).isEqualTo(From.BEGINNING);
    }

    private void claimed(boolean retry, Instant... due) {
        marks.claimed(List.of(due).stream().map(each -> new Claimed(CRM, retry, each)).toList());
    }

    private void pass(Duration time) {
        ticks += time.toNanos();
    }
}
