package dev.millrace.cli.stream;

import dev.millrace.cli.VersionProvider;
import dev.millrace.cli.demo.DemoCommand;
import dev.millrace.cli.demo.Pipeline;
import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.streams.EnrichmentRuntime;
import dev.millrace.streams.StreamApplication;
import dev.millrace.streams.config.ApplicationSpec;
import dev.millrace.streams.topology.ApplicationTopics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/** The whole pipeline on this machine, with nothing to install or configure. */
@Command(
    name = "demo",
    description = {
      "Runs the whole pipeline on this machine: a real broker, a real schema registry, the stream"
          + " application with a real model, and real documents.",
      "Everything listens on the loopback address only, on free ports, and is gone afterwards."
    })
public final class StreamDemo extends DemoCommand {

  @Override
  protected Pipeline pipeline() {
    return new Streams();
  }

  private static final class Streams implements Pipeline {
    @Override
    public ConfigSpec spec() {
      return ApplicationSpec.SPEC;
    }

    @Override
    public String settings(Path directory) {
      return """
      app.id: millrace-demo
      app.instance.id: demo
      app.state.dir: %s
      app.replication.factor: 1
      health.port: 0
      """
          .formatted(directory.resolve("state"));
    }

    @Override
    public TopicDeployment topics(Config config) {
      return ApplicationTopics.deployment(config);
    }

    @Override
    public Running start(
        Config config, Path file, PrometheusMeterRegistry meters, Supplier<ModelEngines> models) {
      EnrichmentRuntime runtime =
          new EnrichmentRuntime(config, VersionProvider.version(), meters, models);
      Application running = new Application(runtime, runtime.application());
      try {
        runtime.application().start();
      } catch (RuntimeException e) {
        running.close();
        throw e;
      }
      return running;
    }
  }

  private record Application(EnrichmentRuntime runtime, StreamApplication application)
      implements Pipeline.Running {
    @Override
    public String ready() {
      return "application started: probes and metrics on port " + application.healthPort();
    }

    @Override
    public String pages() {
      return String.format(
          Locale.ROOT, ", metrics http://127.0.0.1:%d/metrics", application.healthPort());
    }

    @Override
    public Optional<String> failure() {
      return application.hasFailed()
          ? Optional.of("the application has stopped; the log above says why")
          : Optional.empty();
    }

    @Override
    public void close() {
      runtime.close();
    }
  }
}
