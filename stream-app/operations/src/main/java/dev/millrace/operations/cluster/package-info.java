/**
 * The Kafka cluster at run time: whether a broker answers, what it can do, and whether one of the
 * application's partitions hangs, or one of its topics was made again.
 *
 * <p>Asks with an admin client of its own, on threads of its own; classes that are shared say so.
 */
@NullMarked
package dev.millrace.operations.cluster;

import org.jspecify.annotations.NullMarked;
