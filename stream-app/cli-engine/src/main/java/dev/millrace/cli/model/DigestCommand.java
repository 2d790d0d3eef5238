package dev.millrace.cli.model;

import dev.millrace.cli.ExitCode;
import dev.millrace.engine.inspect.ModelSummary;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Computes a model's digest and compares it, as before a start on a volume that others fill. */
@Command(
    name = "digest",
    description = "Computes the digest that names a model in records and metrics.",
    footer = {
      "",
      "Reads every byte: configuration, tokenizer and weights.",
    })
public final class DigestCommand implements Callable<Integer> {
  /** What metrics show; less could be met by chance. */
  private static final int LENGTH_MIN = 12;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory of the model.")
  private Path directory = Path.of("");

  @Option(
      names = "--expect",
      paramLabel = "HEX",
      description = "The digest that it must have, or its first twelve digits or more.")
  private String expected = "";

  @Override
  public Integer call() {
    String wanted = expected.strip().toLowerCase(Locale.ROOT);
    if (!wanted.isEmpty() && (wanted.length() < LENGTH_MIN || !wanted.matches("[0-9a-f]+"))) {
      throw new ParameterException(
          spec.commandLine(),
          "--expect is no digest: expected at least " + LENGTH_MIN + " hexadecimal digits");
    }
    String digest = ModelSummary.digest(directory, _ -> {});
    PrintWriter out = spec.commandLine().getOut();
    out.println(digest);
    out.flush();
    if (digest.startsWith(wanted)) {
      return ExitCode.SUCCESS;
    }
    PrintWriter err = spec.commandLine().getErr();
    err.println(
        ("model %s has the digest %s, expected %s: the files are not all there, or are those of"
                + " another model; copy them again, or expect the digest that you mean")
            .formatted(directory, digest, wanted));
    err.flush();
    return ExitCode.FAILURE;
  }
}
