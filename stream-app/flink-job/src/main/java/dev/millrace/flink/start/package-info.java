/** Where the packaged Flink job begins: compiled for Java 11, so that any Java can say no. */
@NullMarked
package dev.millrace.flink.start;

import org.jspecify.annotations.NullMarked;
