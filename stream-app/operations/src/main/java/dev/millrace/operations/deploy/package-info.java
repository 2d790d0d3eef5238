/**
 * What has to be there before the application starts: topics and schemas.
 *
 * <p>Creates them as a deploy step and checks them at every start; the application itself never
 * creates anything. Used by one thread, with a client of its own.
 */
@NullMarked
package dev.millrace.operations.deploy;

import org.jspecify.annotations.NullMarked;
