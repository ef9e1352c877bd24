package net.cartback.deletion.recording;

import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.Origin;

/** What somebody asks for: verified as its origin demands, and not yet recorded. */
public record NewRequest(Kind kind, Origin origin, Subject subject) {}
