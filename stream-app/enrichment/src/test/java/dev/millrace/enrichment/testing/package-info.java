/**
 * A kit for tests of whatever uses an enricher: an engine that answers from a script.
 *
 * <p>Knows no model. Thread-safe unless a class says otherwise.
 */
@NullMarked
package dev.millrace.enrichment.testing;

import org.jspecify.annotations.NullMarked;
