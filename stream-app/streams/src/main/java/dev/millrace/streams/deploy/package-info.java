/**
 * What has to be there before the application starts: topics and schemas.
 *
 * <p>Creates them as a deploy step and checks them at every start; the application itself never
 * creates anything. Used by one thread, with a client of its own. {@code Cluster} is asked at run
 * time, too.
 */
@NullMarked
package dev.millrace.streams.deploy;

import org.jspecify.annotations.NullMarked;
