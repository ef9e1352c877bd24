package net.cartback.deletion.cases;

import net.cartback.deletion.language.Language;
import net.cartback.deletion.reading.Statuses.Coded;
import net.cartback.deletion.subject.OnBehalfOf;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** Who words what a person is told by mail. */
public interface CaseTexts {

    /**
     * What a mail says.
     *
     * @param sender the name of who writes; null: nobody's is known
     * @param body lines of any length
     */
    record Text(@Nullable String sender, String subject, String body) {}

    /** What a mail is sent for. */
    enum Telling {
        /** The wish has arrived. */
        RECEIVED,
        /** A request is finished. */
        FINISHED,
        /** Something was said of a request after the person was told that it is finished. */
        NEWS
    }

    /**
     * What is told.
     *
     * @param onBehalfOf for whom somebody else gets the mail; null: the person gets it
     * @param requests how each of the person's requests stands
     */
    Text write(
            Telling telling,
            Language language,
            @Nullable OnBehalfOf onBehalfOf,
            List<Coded> requests);
}
