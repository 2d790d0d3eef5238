/**
 * Jinja templates with the meaning that Python gives them: what cannot be rendered exactly is
 * refused with its feature and line.
 *
 * <p>Parsed templates are immutable; a rendering belongs to the thread that runs it.
 */
@NullMarked
package dev.millrace.engine.template;

import org.jspecify.annotations.NullMarked;
