/**
 * What runs inside the child processes: main classes that end when their parent does.
 *
 * <p>Never called by this process. The broker's classes are on the child's class path only.
 */
@NullMarked
package dev.millrace.servers.child;

import org.jspecify.annotations.NullMarked;
