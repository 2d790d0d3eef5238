package dev.millrace.cli.stream;

import dev.millrace.cli.CommandException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.deploy.SchemaDeployment;
import dev.millrace.schema.RegistryClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Schemas as a deploy step. */
@Command(
    name = "schemas",
    description = "Registers or checks the topics' schemas; `run` never registers any.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SchemasCommand.Register.class, SchemasCommand.Check.class})
public final class SchemasCommand implements Runnable {
  static final Duration PATIENCE = Duration.ofSeconds(10);

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "register or check?");
  }

  /** Registers what is missing. */
  @Command(
      name = "register",
      description = "Registers the schemas and sets the subjects' compatibility levels.")
  static final class Register implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      Config settings = config.read();
      try (RegistryClient registry =
          RegistryClient.create(SchemaDeployment.settings(settings, PATIENCE))) {
        new SchemaDeployment(settings, registry)
            .register()
            .forEach((subject, id) ->
                spec.commandLine().getOut().printf(Locale.ROOT, "%s has id %d%n", subject, id));
      }
    }
  }

  /** Checks them. */
  @Command(name = "check", description = "Checks that the schemas are registered.")
  static final class Check implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      Config settings = config.read();
      try (RegistryClient registry =
          RegistryClient.create(SchemaDeployment.settings(settings, PATIENCE))) {
        report(new SchemaDeployment(settings, registry).check());
      }
      spec.commandLine().getOut().println("schemas are as they should be");
    }
  }

  static void report(List<String> problems) {
    if (!problems.isEmpty()) {
      throw CommandException.failure(
          "the schemas are not ready:\n  - " + String.join("\n  - ", problems));
    }
  }
}
