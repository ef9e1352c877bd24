package net.cartback.deletion.ledger;

/** What recording a request came to; both carry the code to answer with. */
public sealed interface Recording {

    /** The confirmation code of the request. */
    ConfirmationCode code();

    /** It is new, and now committed together with its deliveries. */
    record Created(ConfirmationCode code) implements Recording {}

    /** The same wish was recorded before; nothing was created. */
    record Repeated(ConfirmationCode code) implements Recording {}
}
