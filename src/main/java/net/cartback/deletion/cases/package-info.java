/**
 * Cases: what people ask for otherwise than through Meta. A case becomes requests, one for each app
 * that the person named, once it is established who asks.
 */
@NullMarked
package net.cartback.deletion.cases;

import org.jspecify.annotations.NullMarked;
