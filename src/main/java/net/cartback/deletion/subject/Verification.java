package net.cartback.deletion.subject;

import net.cartback.deletion.terms.WireName;

/**
 * How it was established that an identifier is that of the person who asks. Each proves one
 * identifier and no other. What was shown as evidence is never kept, only that it was seen (EDPB
 * guidelines 01/2022, section 3.3).
 */
public enum Verification implements WireName {
    /** A link that was sent to this address was opened, and the person confirmed there. */
    MAIL_LINK,
    /** The person logged in at Facebook. */
    FACEBOOK_LOGIN,
    /** Meta signed it: the person gave the confirmation code of that request. */
    META_CALLBACK,
    /** An operator called a number that was held before. */
    OPERATOR_CALL_BACK,
    /** An operator compared a letter with what was held before. */
    OPERATOR_LETTER,
    /** The person came in person. */
    OPERATOR_IN_PERSON,
    /** A parent or guardian was established, and named this as the child's. */
    GUARDIAN,
    /** An agent named it, and the person confirmed it. */
    AGENT_CONFIRMED_BY_PERSON
}
