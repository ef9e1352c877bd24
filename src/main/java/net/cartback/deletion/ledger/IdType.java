package net.cartback.deletion.ledger;

/** What an id of Meta's tells a person by. */
public enum IdType implements WireName {
    /** One app's users: {@code user_id} of a signed request. */
    APP_SCOPED_USER_ID,
    /** Whoever writes to one page, in Messenger. */
    PAGE_SCOPED_USER_ID
}
