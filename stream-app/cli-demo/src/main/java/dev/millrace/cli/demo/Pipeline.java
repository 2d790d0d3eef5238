package dev.millrace.cli.demo;

import dev.millrace.operations.ModelEngines;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.deploy.TopicDeployment;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;

/** What stands between the topics of the demo. Used by the command's thread. */
public interface Pipeline {

  /** The settings that it reads. */
  ConfigSpec spec();

  /**
   * Lines of {@code millrace.yaml} beside those of every pipeline, each with its line break.
   *
   * @param directory its own, gone afterwards
   */
  String settings(Path directory);

  /** Its topics, to be created and closed. */
  TopicDeployment topics(Config config);

  /**
   * Starts it.
   *
   * @param config what {@code file} says
   * @param file the configuration
   * @param meters owned from here on
   * @param models are owned from here on
   */
  Running start(
      Config config, Path file, PrometheusMeterRegistry meters, Supplier<ModelEngines> models);

  /** One that runs; closing it stops it in good order. */
  interface Running extends AutoCloseable {

    /** A line for the person who waits: it has started, and where it can be looked at. */
    String ready();

    /** More places to look at, appended to those of the servers; may be empty. */
    String pages();

    /** Why it has stopped by itself; empty while it has not. */
    Optional<String> failure();

    @Override
    void close();
  }
}
