/**
 * Measurements that a user can repeat.
 *
 * <p>Each checks its result before it reports a time. Runs on the main thread.
 */
@NullMarked
package dev.millrace.cli.bench.stream;

import org.jspecify.annotations.NullMarked;
