package dev.millrace.flink.cli;

import dev.millrace.cli.VersionProvider;
import dev.millrace.cli.demo.DemoCommand;
import dev.millrace.cli.demo.Pipeline;
import dev.millrace.flink.FlinkSpec;
import dev.millrace.flink.LocalJob;
import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.deploy.TopicDeployment;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/** The Flink job on this machine, with nothing to install or configure. */
@Command(
    name = "flink",
    description = {
      "Tries the Flink job on this machine: a real broker, a real schema registry, a Flink cluster"
          + " in this process with a real model, and the documents of the demo.",
      "Everything listens on the loopback address only, on free ports, and is gone afterwards."
    })
public final class FlinkDemo extends DemoCommand {
  private static final int SUBTASKS = 2;

  @Override
  protected Pipeline pipeline() {
    return new Flink();
  }

  private static final class Flink implements Pipeline {
    @Override
    public ConfigSpec spec() {
      return FlinkSpec.SPEC;
    }

    /** Outcomes become visible with a checkpoint: a person does not wait five seconds for one. */
    @Override
    public String settings(Path directory) {
      return """
      flink.job: millrace-demo
      flink.checkpoint.interval: 500ms
      flink.checkpoint.dir: %s
      """
          .formatted(directory.resolve("checkpoints").toUri());
    }

    @Override
    public TopicDeployment topics(Config config) {
      return new TopicDeployment(config, Map.of());
    }

    @Override
    public Running start(
        Config config, Path file, PrometheusMeterRegistry meters, Supplier<ModelEngines> models) {
      try {
        return new Job(LocalJob.start(file, SUBTASKS, VersionProvider.version(), meters, models));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new OperationException("interrupted while the Flink job was starting", e);
      }
    }
  }

  private record Job(LocalJob job) implements Pipeline.Running {
    @Override
    public String ready() {
      return String.format(Locale.ROOT, "Flink job started: %d subtasks", SUBTASKS);
    }

    @Override
    public String pages() {
      return "";
    }

    @Override
    public Optional<String> failure() {
      return job.failure();
    }

    @Override
    public void close() {
      job.close();
    }
  }
}
