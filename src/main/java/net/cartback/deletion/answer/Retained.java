package net.cartback.deletion.answer;

import org.jspecify.annotations.Nullable;

import java.time.LocalDate;
import java.util.Comparator;

/** One kind of data that a client system keeps, why, and until when; null: no date is known. */
public record Retained(Category category, Ground ground, @Nullable LocalDate until)
        implements Comparable<Retained> {

    private static final Comparator<Retained> ORDER =
            Comparator.comparing(Retained::category)
                    .thenComparing(Retained::ground)
                    .thenComparing(
                            Retained::until, Comparator.nullsLast(Comparator.naturalOrder()));

    public Retained {
        if (ground.isOnlyForRefusals()) {
            throw new IllegalArgumentException("This ground is for refusals only");
        }
    }

    @Override
    public int compareTo(Retained other) {
        return ORDER.compare(this, other);
    }
}
