package dev.millrace.cli.stream;

import dev.millrace.cli.CommandException;
import dev.millrace.operations.cluster.Cluster;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.operations.deploy.SampleReport;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.operations.deploy.TopicSample;
import dev.millrace.schema.RegistryClient;
import dev.millrace.streams.topics.TopicHistory;
import dev.millrace.streams.topology.ApplicationTopics;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Topics as a deploy step. */
@Command(
    name = "topics",
    description = "Creates or checks the topics; `run` never creates any.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TopicsCommand.Create.class,
      TopicsCommand.Check.class,
      TopicsCommand.Accept.class
    })
public final class TopicsCommand implements Runnable {

  private static final int SAMPLE_MAX = 1_000;
  private static final Logger LOG = LoggerFactory.getLogger(TopicsCommand.class);

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "create, check or accept?");
  }

  /** Creates what is missing. */
  @Command(name = "create", description = "Creates the topics that do not exist; changes none.")
  static final class Create implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      Config settings = config.read();
      try (TopicDeployment topics = ApplicationTopics.deployment(settings)) {
        for (Map.Entry<String, Boolean> topic : topics.create().entrySet()) {
          spec.commandLine()
              .getOut()
              .printf(
                  Locale.ROOT,
                  "%s %s%n",
                  topic.getKey(),
                  topic.getValue()
                      ? String.format(
                          Locale.ROOT, "created, %d partitions", settings.get(TopicKeys.PARTITIONS))
                      : "exists");
        }
        report(topics.check());
      }
    }
  }

  /** Checks them. */
  @Command(
      name = "check",
      description =
          "Checks that the topics exist with the right settings, in a cluster that can keep"
              + " exactly-once.")
  static final class Check implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Option(
        names = "--sample",
        paramLabel = "N",
        description =
            "Reads the newest N records of each input, too, as `run` would, and shows how many are"
                + " documents and what each field holds: kind and length, never the content. Fails"
                + " if one is no document.")
    private int sample;

    @Override
    public void run() {
      if (sample < 0 || sample > SAMPLE_MAX) {
        throw new ParameterException(
            spec.commandLine(), "--sample must be 0 to " + SAMPLE_MAX + ", got " + sample);
      }
      Config settings = config.read();
      int warnings = TopicsCommand.check(settings);
      PrintWriter out = spec.commandLine().getOut();
      if (sample > 0) {
        sample(settings, sample, out);
      }
      if (warnings == 0) {
        out.println("topics are as they should be");
      } else {
        out.printf(Locale.ROOT, "topics are ready; see %d warnings above%n", warnings);
      }
    }
  }

  /** Takes them as they are. */
  @Command(
      name = "accept",
      description =
          "Takes topics that were deleted and made again for the right ones: an input is read from"
              + " its beginning. All instances must be stopped.")
  static final class Accept implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      Config settings = config.read();
      try (Cluster cluster = new Cluster(settings)) {
        new TopicHistory(settings, cluster).accept().forEach(spec.commandLine().getOut()::println);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw CommandException.failure("interrupted: run the command again", e);
      }
    }
  }

  /** The newest records of each input. */
  private static void sample(Config settings, int max, PrintWriter out) {
    List<String> faulty = new ArrayList<>();
    try (RegistryClient registry =
        RegistryClient.create(SchemaDeployment.settings(settings, SchemasCommand.PATIENCE))) {
      TopicSample samples = new TopicSample(settings, registry);
      for (Input input : Input.all(settings)) {
        SampleReport report = samples.newest(input, max);
        report.lines(input.name()).forEach(out::println);
        if (report.hasFaults()) {
          faulty.add(input.name());
        }
      }
    }
    out.flush();
    if (!faulty.isEmpty()) {
      throw CommandException.failure(
          "records of %s are no documents, see above: say in inputs how they are laid out"
              .formatted(String.join(", ", faulty)));
    }
  }

  /**
   * Fails with all that is wrong with the topics and the cluster they are in; warns in the log of
   * what is not wrong but should be known.
   *
   * @return number of warnings
   */
  static int check(Config settings) {
    List<String> problems = new ArrayList<>();
    List<String> warnings = new ArrayList<>();
    try (TopicDeployment topics = ApplicationTopics.deployment(settings);
        Cluster cluster = new Cluster(settings)) {
      problems.addAll(topics.check());
      problems.addAll(cluster.check());
      warnings.addAll(cluster.warnings());
      warnings.addAll(topics.warnings());
    }
    warnings.forEach(LOG::warn);
    report(problems);
    return warnings.size();
  }

  private static void report(List<String> problems) {
    if (!problems.isEmpty()) {
      throw CommandException.failure(
          "the topics are not ready:\n  - " + String.join("\n  - ", problems));
    }
  }
}
