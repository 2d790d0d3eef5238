/** Stands between every log line and standard error: no library can log a password. */
@NullMarked
package dev.millrace.cli.log;

import org.jspecify.annotations.NullMarked;
