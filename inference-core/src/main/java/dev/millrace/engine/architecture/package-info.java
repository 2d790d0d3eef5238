/**
 * What a decoder is made of, as values: layers, attention, norms, routers.
 *
 * <p>Every case that can be written down here is computed by every backend or refused by it by
 * name, and held by a golden checkpoint. A family that needs a new rule (a bias, a sink, a
 * multiplier, another activation) adds a case to the sealed type it belongs to, and the compiler
 * then names the places that have to decide. Immutable.
 */
@NullMarked
package dev.millrace.engine.architecture;

import org.jspecify.annotations.NullMarked;
