package net.cartback.deletion.ledger;

/**
 * Who did something by hand, and why. Kept sealed, since both are a person's words.
 *
 * @param by 1 to 100 characters
 * @param why 1 to 1000 characters
 */
public record Note(String by, String why) {

    public static final int MAX_BY = 100;
    public static final int MAX_WHY = 1_000;

    public Note {
        if (by.isBlank() || by.length() > MAX_BY || why.isBlank() || why.length() > MAX_WHY) {
            throw new IllegalArgumentException("A note says who, and why");
        }
    }

    @Override
    public String toString() {
        return "Note";
    }
}
