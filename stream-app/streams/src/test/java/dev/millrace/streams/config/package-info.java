/** Tests of the configuration. */
@NullMarked
package dev.millrace.streams.config;

import org.jspecify.annotations.NullMarked;
