/**
 * The demo: real servers, the real application, bundled documents, and what a person sees of it.
 *
 * <p>Puts together what other packages offer; nothing depends on it but the command line. Classes
 * here belong to the command's own thread unless they say otherwise.
 */
@NullMarked
package dev.millrace.cli.demo;

import org.jspecify.annotations.NullMarked;
