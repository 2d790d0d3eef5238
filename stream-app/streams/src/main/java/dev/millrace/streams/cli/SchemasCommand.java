package dev.millrace.streams.cli;

import dev.millrace.streams.deploy.SchemaDeployment;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Schemas as a deploy step. */
@Command(
    name = "schemas",
    description = "Registers or checks the schemas; `run` never registers any.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SchemasCommand.Register.class, SchemasCommand.Check.class})
public final class SchemasCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "register or check?");
  }

  /** Registers what is missing. */
  @Command(
      name = "register",
      description =
          "Registers the schemas of the topics; output subjects become BACKWARD_TRANSITIVE.")
  static final class Register implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      try (SchemaDeployment schemas = new SchemaDeployment(config.read())) {
        schemas
            .register()
            .forEach((subject, id) ->
                spec.commandLine().getOut().printf("%s registered, id %d%n", subject, id));
      }
    }
  }

  /** Checks them. */
  @Command(name = "check", description = "Checks that this version's schemas are registered.")
  static final class Check implements Runnable {
    @Spec private CommandSpec spec;
    @Mixin private ConfigOption config;

    @Override
    public void run() {
      try (SchemaDeployment schemas = new SchemaDeployment(config.read())) {
        List<String> problems = schemas.check();
        if (!problems.isEmpty()) {
          throw CommandException.failure(
              "the schemas are not ready:\n  - " + String.join("\n  - ", problems));
        }
      }
      spec.commandLine().getOut().println("schemas are as they should be");
    }
  }
}
