/**
 * What keeps an application going, whatever moves its records: configuration, cluster, deploy
 * steps, health, metrics, dead letters.
 */
@NullMarked
package dev.millrace.operations;

import org.jspecify.annotations.NullMarked;
