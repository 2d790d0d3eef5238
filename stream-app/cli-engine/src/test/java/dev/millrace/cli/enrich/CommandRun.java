package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.engine.EngineOptions;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Runs a command of this package on a scripted engine. Owned by one test. */
final class CommandRun {
  private static final int CONTEXT_TOKENS = 2000;

  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  /** What the engine was asked to be, once the command has opened it. */
  @Nullable EngineOptions asked;

  private final Path directory;
  private final Script script;

  CommandRun(Path directory, Script script) throws IOException {
    this.directory = directory;
    this.script = script;
    Files.writeString(
        Files.createDirectories(directory.resolve("model")).resolve("enrichment.yaml"),
        """
        promptVersion: t
        documents: {tokensMax: 100, partsMax: 2}
        tasks:
          summarise: {instruction: /sum, tokensMax: 40}
          classify: {instruction: /kind, labels: [mill, race]}
          translate: [{to: it, from: [en], instruction: /it, tokensMax: 150}]
        """);
  }

  /** Runs and returns the exit code that the root command would give. */
  int run(
      BiFunction<EngineOpener, InputStream, Object> command,
      String standardInput,
      String... arguments) {
    EngineOpener opener =
        (_, options) -> {
          asked = options;
          return new ScriptedEngine(CONTEXT_TOKENS, script);
        };
    byte[] bytes = standardInput.getBytes(StandardCharsets.UTF_8);
    Object made = command.apply(opener, new ByteArrayInputStream(bytes));
    String[] all =
        Stream.concat(
                Stream.of("--model", directory.resolve("model").toString()), Stream.of(arguments))
            .toArray(String[]::new);
    return new CommandLine(made)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setExecutionExceptionHandler((failure, line, _) -> {
          line.getErr().println(failure.getMessage());
          return failure instanceof CommandException known ? known.exitCode() : 1;
        })
        .execute(all);
  }

  List<String> outLines() {
    return out.toString().lines().toList();
  }
}
