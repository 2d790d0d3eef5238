/**
 * One file a family: reads its config.json into an architecture and names its tensors.
 *
 * <p>A new family is a file here and its line in ModelFamilies; what it does differently is a value
 * of the architecture package. Trusts nothing in the files.
 */
@NullMarked
package dev.millrace.engine.checkpoint.family;

import org.jspecify.annotations.NullMarked;
