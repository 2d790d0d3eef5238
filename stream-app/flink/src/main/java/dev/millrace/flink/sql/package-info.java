/** The enrichment as a model of Flink SQL: {@code CREATE MODEL} and {@code ML_PREDICT}. */
@NullMarked
package dev.millrace.flink.sql;

import org.jspecify.annotations.NullMarked;
