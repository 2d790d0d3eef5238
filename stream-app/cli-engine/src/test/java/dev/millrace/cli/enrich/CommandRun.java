package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.TenantOptions;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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

  /** The models that the command has leased. */
  List<TenantOptions> leased = List.of();

  private final Path directory;
  private final Script script;

  /** Engines whose answers begin with their model's name. */
  private final class ScriptedLease implements DeviceLease {
    private final Map<String, InferenceEngine> engines = new LinkedHashMap<>();

    ScriptedLease(List<TenantOptions> models) {
      for (TenantOptions model : models) {
        Script named = (prompt, task) -> model.name() + " " + script.generate(prompt, task);
        engines.put(model.name(), new ScriptedEngine(CONTEXT_TOKENS, named));
      }
    }

    @Override
    public List<String> names() {
      return List.copyOf(engines.keySet());
    }

    @Override
    public InferenceEngine engine(String name) {
      return Objects.requireNonNull(engines.get(name));
    }

    @Override
    public void close() {
      engines.values().forEach(InferenceEngine::close);
    }
  }

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
        new EngineOpener() {
          @Override
          public InferenceEngine open(Path model, EngineOptions options) {
            asked = options;
            return new ScriptedEngine(CONTEXT_TOKENS, script);
          }

          @Override
          public DeviceLease lease(DeviceOptions device, List<TenantOptions> models) {
            leased = models;
            return new ScriptedLease(models);
          }
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
