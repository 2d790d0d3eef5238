/**
 * The engine thread of a device: loads models, runs their steps in turn, answers their requests.
 *
 * <p>{@link Devices} is the door; everything else stays inside.
 */
@NullMarked
package dev.millrace.engine.device;

import org.jspecify.annotations.NullMarked;
