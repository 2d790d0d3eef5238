@NullUnmarked
package dev.millrace.streams.store;

import org.jspecify.annotations.NullUnmarked;
