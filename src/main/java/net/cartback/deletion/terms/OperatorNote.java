package net.cartback.deletion.terms;

/**
 * Who did something by hand, and why. What a person says of it is kept sealed.
 *
 * @param actor who did it, as the audit trail tells it
 * @param by 1 to 100 characters
 * @param why 1 to 1000 characters
 */
public record OperatorNote(Actor actor, String by, String why) {

    public static final int MAX_BY = 100;
    public static final int MAX_WHY = 1_000;

    public OperatorNote {
        if (by.isBlank() || by.length() > MAX_BY || why.isBlank() || why.length() > MAX_WHY) {
            throw new IllegalArgumentException("by and why must not be blank or too long");
        }
    }

    @Override
    public String toString() {
        return "Note";
    }
}
