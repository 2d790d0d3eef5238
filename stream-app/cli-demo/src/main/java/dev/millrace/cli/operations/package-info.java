/** What all commands on brokers and registry share: exit codes, hidden credentials, the log. */
@NullMarked
package dev.millrace.cli.operations;

import org.jspecify.annotations.NullMarked;
