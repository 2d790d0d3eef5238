/**
 * The commands around the stream application: run it, deploy its topics and schemas, put documents
 * in, watch outcomes, bring dead letters back.
 *
 * <p>Commands run on the main thread.
 */
@NullMarked
package dev.millrace.cli.stream;

import org.jspecify.annotations.NullMarked;
