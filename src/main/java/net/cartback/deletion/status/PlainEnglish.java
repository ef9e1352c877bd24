package net.cartback.deletion.status;

import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.ExtensionGround;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.reading.RequestStatus;
import net.cartback.deletion.reading.RequestStatus.Part;
import net.cartback.deletion.status.StatusPage.Line;
import net.cartback.deletion.terms.ConfirmationCode;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.time.LocalDate;
import java.time.Period;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Puts a request's state into words that a person understands, and says no more than the receipts
 * say. Pure.
 */
final class PlainEnglish {

    private static final DateTimeFormatter MOMENT =
            DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
                    .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d MMMM uuuu", Locale.ENGLISH);

    private PlainEnglish() {}

    /**
     * The whole page.
     *
     * @param eraseAfter how long after a request's end the relay erases what it knows of the person
     */
    static StatusPage page(
            ConfirmationCode code, RequestStatus status, Instant now, Period eraseAfter) {
        return new StatusPage(
                grouped(code),
                headline(status, now),
                meaning(status, now),
                next(status, now, eraseAfter),
                facts(status),
                status.parts().stream()
                        .map(part -> new Line(part.systemName(), said(part)))
                        .toList(),
                status.retained().stream().map(PlainEnglish::kept).toList(),
                status.refused().stream().map(PlainEnglish::refused).toList());
    }

    static String moment(Instant at) {
        return MOMENT.format(at);
    }

    private static String headline(RequestStatus status, Instant now) {
        if (isHeld(status)) {
            return "Your request is on hold";
        }
        return switch (status.state(now)) {
            case RECEIVED -> "Your request has been received";
            case IN_PROGRESS -> "Your data is being deleted";
            case DELAYED -> "Your request is taking longer than it should";
            case COMPLETED ->
                    switch (status.outcome().orElseThrow()) {
                        case DELETED -> "Your data has been deleted";
                        case DELETED_SOME_RETAINED -> "Your data has been deleted, with exceptions";
                        case NOTHING_FOUND -> "No data about you was found";
                        case REFUSED -> "Your request was refused";
                        case PARTLY_CONFIRMED ->
                                status.parts().isEmpty()
                                        ? "Your request is finished, and nobody could confirm it"
                                        : "Your request is finished, and partly confirmed";
                    };
        };
    }

    /** A hold on what is completed keeps the record, and stops nothing. */
    private static boolean isHeld(RequestStatus status) {
        return status.hold() != null && status.closedAt() == null;
    }

    private static String meaning(RequestStatus status, Instant now) {
        var hold = status.hold();
        if (hold != null && isHeld(status)) {
            return "Since "
                    + moment(hold.since())
                    + " we ask no further system to delete your data, "
                    + because(hold.ground())
                    + ".";
        }
        return switch (status.state(now)) {
            case RECEIVED ->
                    "We pass it on to every system that may hold your data. None of them has"
                            + " answered yet.";
            case IN_PROGRESS ->
                    status.confirmed()
                            + " of "
                            + status.parts().size()
                            + " systems that may hold your data have told us what they did.";
            case DELAYED ->
                    "It should have been finished by "
                            + moment(status.dueAt())
                            + ". Not every system that may hold your data has answered.";
            case COMPLETED -> completed(status);
        };
    }

    private static String completed(RequestStatus status) {
        return switch (status.outcome().orElseThrow()) {
            case DELETED ->
                    "Every system that held data about you has confirmed that it deleted it.";
            case DELETED_SOME_RETAINED ->
                    "Every system has answered. What is still kept, and why, is listed below.";
            case NOTHING_FOUND -> "Every system has confirmed that it holds no data about you.";
            case REFUSED -> "The reasons are listed below.";
            case PARTLY_CONFIRMED ->
                    status.parts().isEmpty()
                            ? "We could ask no system to delete your data: the business behind the"
                                    + " app has none any more that we know of."
                            : "At least one system can no longer be reached for an answer, because"
                                  + " the business that ran it is gone. All others have answered.";
        };
    }

    private static String next(RequestStatus status, Instant now, Period eraseAfter) {
        if (isHeld(status)) {
            return "When the reason for the hold has ended, your request goes on by itself. If you"
                    + " do not agree, you can complain to the data protection authority where you"
                    + " live.";
        }
        return switch (status.state(now)) {
            case RECEIVED, IN_PROGRESS ->
                    "Each system has to report back to us, at the latest by "
                            + moment(status.dueAt())
                            + ". You need to do nothing. Come back to this page whenever you like.";
            case DELAYED -> "We stay with the systems that have not answered until they do.";
            case COMPLETED ->
                    (status.refused().isEmpty() && status.retained().isEmpty()
                                    ? "You need to do nothing more."
                                    : "If you do not agree, you can complain to the data protection"
                                            + " authority where you live.")
                            + " We erase what we ourselves recorded about you "
                            + words(eraseAfter)
                            + " after this request was finished. How long the systems keep their"
                            + " backups, we do not know.";
        };
    }

    /** {@code P35D} as 35 days, {@code P1Y2M} as 1 year and 2 months. */
    private static String words(Period period) {
        var parts = new ArrayList<String>();
        add(parts, period.getYears(), "year");
        add(parts, period.getMonths(), "month");
        add(parts, period.getDays(), "day");
        return String.join(" and ", parts);
    }

    private static void add(List<String> parts, int number, String unit) {
        if (number != 0) {
            parts.add(number + " " + unit + (number == 1 ? "" : "s"));
        }
    }

    private static List<Line> facts(RequestStatus status) {
        var facts = new ArrayList<Line>();
        facts.add(new Line("Received", moment(status.receivedAt())));
        if (status.closedAt() == null) {
            facts.add(new Line("To be finished by", moment(status.dueAt())));
            facts.add(new Line("Last change", moment(status.updatedAt())));
        } else {
            facts.add(new Line("Finished", moment(status.closedAt())));
        }
        var extension = status.extension();
        if (extension != null) {
            facts.add(
                    new Line(
                            "Time extended",
                            "on "
                                    + moment(extension.at())
                                    + ", from "
                                    + moment(extension.wasDueAt())
                                    + ", "
                                    + because(extension.ground())));
        }
        var hold = status.hold();
        if (hold != null) {
            facts.add(
                    new Line(
                            "On hold",
                            "since " + moment(hold.since()) + ", " + because(hold.ground())));
        }
        facts.add(
                new Line(
                        "Answers",
                        status.confirmed() + " of " + status.parts().size() + " systems"));
        return facts;
    }

    private static String said(Part part) {
        return switch (part.state()) {
            case PENDING -> "Not answered yet";
            case AWAITING_RECEIPT -> "Has the request, and will tell us when it is done";
            case PARKED -> "Not answered yet; we are looking into a problem with it";
            case CLOSED -> {
                var outcome = part.outcome();
                yield outcome == null ? "Answered" : said(outcome);
            }
        };
    }

    private static String said(Outcome outcome) {
        return switch (outcome) {
            case DELETED -> "Has deleted your data";
            case NOTHING_FOUND -> "Holds no data about you";
            case RETAINED -> "Has deleted your data, except for what must be kept";
            case REFUSED -> "Has refused";
            case UNCONFIRMED -> "Can no longer be reached";
        };
    }

    private static String kept(Retained retained) {
        return what(retained.category())
                + ", "
                + because(retained.ground())
                + ". Kept "
                + until(retained.until())
                + ".";
    }

    private static String until(@Nullable LocalDate until) {
        return until == null ? "for as long as that requires" : "until " + DAY.format(until);
    }

    private static String refused(Ground ground) {
        return "A system did not delete data, " + because(ground) + ".";
    }

    private static String what(Category category) {
        return switch (category) {
            case ACCOUNT -> "Account details";
            case ORDERS -> "Orders";
            case INVOICES -> "Invoices";
            case PAYMENTS -> "Payment records";
            case CONTRACTS -> "Contracts";
            case MESSAGES -> "Messages";
            case SECURITY_LOGS -> "Security logs";
            case STATISTICS -> "Statistics";
            case OTHER -> "Other data";
        };
    }

    private static String because(Ground ground) {
        return switch (ground) {
            case LEGAL_OBLIGATION -> "because the law requires it to be kept";
            case LEGAL_CLAIMS -> "because it is needed for legal claims";
            case PUBLIC_INTEREST -> "because it serves a task in the public interest";
            case FREEDOM_OF_EXPRESSION ->
                    "because it is needed for freedom of expression and information";
            case ARCHIVING ->
                    "because it is archived in the public interest, for research or statistics";
            case PUBLIC_HEALTH -> "because it is needed for public health";
            case IDENTITY_NOT_ESTABLISHED -> "because it could not be established whose data it is";
            case REQUEST_EXCESSIVE -> "because the request was found to be excessive";
        };
    }

    private static String because(ExtensionGround ground) {
        return switch (ground) {
            case COMPLEXITY -> "because the request is complex";
            case NUMBER_OF_REQUESTS -> "because of the number of requests";
        };
    }

    private static String grouped(ConfirmationCode code) {
        return String.join(" ", code.value().split("(?<=\\G.{5})", -1));
    }
}
