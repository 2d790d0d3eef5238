package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.cli.JsonLines;
import dev.millrace.cli.VersionProvider;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EngineEnricher.Settings;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.EnrichmentThreads;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.InstantSource;

/** One run of a file through a model: opens engine and input, runs, closes. Immutable. */
final class FileRun {
  /** The path that means standard input or output. */
  static final String STANDARD = "-";

  private static final int LINE_BYTES_MAX = JsonLines.BYTES_MAX;
  private static final int LINES_MAX = 1024;
  private static final long WINDOW_BYTES_MAX = 64L << 20;

  private final EngineOpener opener;
  private final RunArguments arguments;
  private final EnrichmentMetrics metrics;

  FileRun(EngineOpener opener, RunArguments arguments, EnrichmentMetrics metrics) {
    this.opener = opener;
    this.arguments = arguments;
    this.metrics = metrics;
  }

  /** Says when the model is open and the first line is about to be read. */
  interface Start {
    Tally begin();
  }

  /**
   * Enriches every line of a file.
   *
   * @param standardInput read if the arguments say so; not closed
   */
  void run(InputStream standardInput, Plan plan, Start start, OrderedRun.Sink sink)
      throws IOException {
    try (JsonLines lines = new JsonLines(open(arguments.input(), standardInput), LINE_BYTES_MAX);
        InferenceEngine engine =
            opener.open(arguments.modelDirectory(), arguments.engineOptions());
        EnrichmentThreads threads = EnrichmentThreads.ofMachine();
        EngineEnricher enricher = enricher(engine, threads, plan)) {
      Tally tally = start.begin();
      new OrderedRun(enricher, sink, tally, LINES_MAX, WINDOW_BYTES_MAX).run(lines);
      tally.done();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  private EngineEnricher enricher(InferenceEngine engine, EnrichmentThreads threads, Plan plan) {
    Settings settings =
        Settings.of(VersionProvider.version(), threads, InstantSource.system())
            .withMetrics(metrics);
    try {
      return new EngineEnricher(engine, plan, settings);
    } catch (PlanException e) {
      throw CommandException.usage(String.valueOf(e.getMessage()));
    }
  }

  private static InputStream open(String input, InputStream standardInput) throws IOException {
    if (input.equals(STANDARD)) {
      return new FilterInputStream(standardInput) {
        @Override
        public void close() {}
      };
    }
    try {
      return Files.newInputStream(Path.of(input));
    } catch (NoSuchFileException e) {
      throw CommandException.failure("cannot read the input: no such file " + input);
    }
  }
}
