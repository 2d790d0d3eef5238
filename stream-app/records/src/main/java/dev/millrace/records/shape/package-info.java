/**
 * How the values of producers' records are laid out, and where in them the fields of a document
 * lie.
 */
@NullMarked
package dev.millrace.records.shape;

import org.jspecify.annotations.NullMarked;
