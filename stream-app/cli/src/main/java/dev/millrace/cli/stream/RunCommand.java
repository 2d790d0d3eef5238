package dev.millrace.cli.stream;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Signals;
import dev.millrace.cli.VersionProvider;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.schema.RegistryClient;
import dev.millrace.streams.EnrichmentRuntime;
import dev.millrace.streams.StreamApplication;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The stream application. */
@Command(
    name = "run",
    description = {
      "Runs the stream application until it is stopped (Ctrl-C or SIGTERM).",
      "Topics and schemas must be there: see `topics` and `schemas`."
    })
public final class RunCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

  @Mixin private ConfigOption config;

  @Override
  public Integer call() throws InterruptedException {
    Config settings = config.read();
    LOG.info("configuration {}: {}", settings.source(), settings.printable());
    settings.notes().forEach(note -> LOG.warn("configuration: {}", note));
    StreamApplication.checkHost(settings);
    // The model is loaded before the group is joined: a slow start must not hold partitions. It is
    // loaded beside the checks, of which one that fails ends the process without waiting for it.
    FutureTask<EnrichmentRuntime> opening =
        new FutureTask<>(() -> new EnrichmentRuntime(settings, VersionProvider.version()));
    Thread.ofPlatform().daemon().name("opening").start(opening);
    checkDeployment(settings);
    try (EnrichmentRuntime runtime = opened(opening)) {
      Signals.onStop(runtime.application()::stop);
      runtime.application().start();
      ClassArchive.writeLater(runtime.application()::isRunning);
      boolean inGoodOrder = runtime.application().awaitEnd();
      if (!inGoodOrder) {
        List<String> faults = runtime.application().faults();
        if (!faults.isEmpty()) {
          throw CommandException.failure(String.join(System.lineSeparator(), faults));
        }
        throw CommandException.failure(
            "the application stopped because of a fault; the log says which. Nothing is lost:"
                + " what was pending is enriched after the next start");
      }
    }
    LOG.info("stopped");
    return ExitCode.SUCCESS;
  }

  private static EnrichmentRuntime opened(FutureTask<EnrichmentRuntime> opening)
      throws InterruptedException {
    try {
      return opening.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw new IllegalStateException("cannot open the application", e);
      }
    }
  }

  private static void checkDeployment(Config settings) {
    int _ = TopicsCommand.check(settings);
    try (RegistryClient registry =
        RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE))) {
      SchemasCommand.report(new SchemaDeployment(settings, registry).check());
    }
  }
}
