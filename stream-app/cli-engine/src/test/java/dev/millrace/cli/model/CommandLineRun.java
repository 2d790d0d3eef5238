package dev.millrace.cli.model;

import dev.millrace.cli.Main;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * What one call of the command line left behind.
 *
 * @param exitCode its number
 * @param out standard output
 * @param err standard error
 */
record CommandLineRun(int exitCode, String out, String err) {

  static CommandLineRun of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), arguments);
    return new CommandLineRun(exitCode, out.toString(), err.toString());
  }
}
