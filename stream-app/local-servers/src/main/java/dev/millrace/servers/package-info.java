/**
 * A real broker and a real schema registry on loopback, as child processes of this one.
 *
 * <p>Knows how to start, wait for, stop, kill and freeze them, and leaves nothing behind. Knows
 * nothing of topics, schemas or documents. Servers are thread-safe: each guards itself with a lock.
 */
@NullMarked
package dev.millrace.servers;

import org.jspecify.annotations.NullMarked;
