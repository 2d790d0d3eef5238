package dev.millrace.flink.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.millrace.cli.CommandSet;
import dev.millrace.cli.ExitCode;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.ConfigException;
import java.util.OptionalInt;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The command around the Flink job. */
public final class FlinkCommands implements CommandSet {

  @Override
  public int position() {
    return 0;
  }

  @Override
  public void addTo(CommandLine root) {
    root.addSubcommand(FlinkDemo.class);
  }

  @Override
  public void addMeasurements(CommandLine bench) {}

  @Override
  public OptionalInt exitCode(Throwable failure) {
    return switch (failure) {
      case ConfigException _ -> OptionalInt.of(ExitCode.USAGE);
      case OperationException _ -> OptionalInt.of(ExitCode.FAILURE);
      default -> OptionalInt.empty();
    };
  }

  @Override
  public boolean logMore() {
    ((Logger) LoggerFactory.getLogger("dev.millrace")).setLevel(Level.DEBUG);
    ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.INFO);
    ((Logger) LoggerFactory.getLogger("org.apache.flink")).setLevel(Level.INFO);
    return true;
  }
}
