package net.cartback.deletion.subject;

/** Whom a request is about. */
public sealed interface Subject permits MetaUser, Person {}
