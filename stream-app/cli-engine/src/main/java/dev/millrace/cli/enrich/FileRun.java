package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.cli.VersionProvider;
import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.TenantOptions;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EngineEnricher.Settings;
import dev.millrace.enrichment.EnrichmentMetrics;
import dev.millrace.enrichment.EnrichmentThreads;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanException;
import dev.millrace.enrichment.Task;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One run of a file through models: opens engines and input, runs, closes. Immutable. */
final class FileRun {
  /** The path that means standard input or output. */
  static final String STANDARD = "-";

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
    /**
     * Begins.
     *
     * @param models digests by name
     */
    Begun begin(Map<String, String> models) throws IOException;
  }

  /**
   * What a run begins with.
   *
   * @param done up to where there are results already
   */
  record Begun(Tally tally, ResumePoint done) {}

  /**
   * Enriches every line of a file.
   *
   * @param standardInput read if the arguments say so; not closed
   */
  void run(InputStream standardInput, Plan plan, Start start, OrderedRun.Sink sink)
      throws IOException {
    try (InputFile input = arguments.inputFile(standardInput);
        Models models = open(arguments.modelDirectories(plan));
        EnrichmentThreads threads = EnrichmentThreads.ofMachine();
        EngineEnricher enricher = enricher(models.engines(), threads, plan)) {
      Map<String, String> digests = new LinkedHashMap<>();
      models.engines().forEach((name, engine) -> digests.put(name, engine.model().digest()));
      Begun begun = start.begin(digests);
      OrderedRun run = new OrderedRun(enricher, sink, begun.tally(), LINES_MAX, WINDOW_BYTES_MAX);
      run.skip(input.source(), begun.done());
      begun.tally().begin(input.source().bytesRead(), input.bytes());
      run.run(input.source());
      begun.tally().done();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }

  /**
   * Open models.
   *
   * @param engines by the name under which the plan asks them
   * @param owner closes them all
   */
  private record Models(Map<String, InferenceEngine> engines, Runnable owner)
      implements AutoCloseable {
    @Override
    public void close() {
      owner.run();
    }
  }

  /** One model by itself, several on a device that they share. */
  private Models open(Map<String, Path> directories) {
    if (directories.size() == 1) {
      InferenceEngine engine =
          opener.open(directories.values().iterator().next(), arguments.engineOptions());
      return new Models(Map.of(Task.MAIN, engine), engine::close);
    }
    EngineOptions options = arguments.engineOptions().withBackend(EngineOptions.DEFAULTS.backend());
    List<TenantOptions> tenants = new ArrayList<>();
    directories.forEach(
        (name, directory) -> tenants.add(new TenantOptions(name, directory).withEngine(options)));
    DeviceLease lease = opener.lease(new DeviceOptions(arguments.backend(), 0), tenants);
    Map<String, InferenceEngine> engines = new LinkedHashMap<>();
    lease.names().forEach(name -> engines.put(name, lease.engine(name)));
    return new Models(engines, lease::close);
  }

  private EngineEnricher enricher(
      Map<String, InferenceEngine> engines, EnrichmentThreads threads, Plan plan) {
    Settings settings =
        Settings.of(VersionProvider.version(), threads, InstantSource.system())
            .withMetrics(metrics);
    try {
      return new EngineEnricher(engines, plan, settings);
    } catch (PlanException e) {
      throw CommandException.usage(String.valueOf(e.getMessage()));
    }
  }
}
