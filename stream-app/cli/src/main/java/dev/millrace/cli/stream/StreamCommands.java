package dev.millrace.cli.stream;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.millrace.cli.CommandSet;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.bench.stream.StreamBench;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.schema.CredentialMask;
import java.util.OptionalInt;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;

/** The commands around the stream application. */
public final class StreamCommands implements CommandSet {

  @Override
  public int position() {
    return 0;
  }

  @Override
  public void addTo(CommandLine root) {
    root.addSubcommand(StreamDemo.class);
    root.addSubcommand(RunCommand.class);
    root.addSubcommand(TopicsCommand.class);
    root.addSubcommand(SchemasCommand.class);
    root.addSubcommand(ProduceCommand.class);
    root.addSubcommand(TailCommand.class);
    root.addSubcommand(RedriveCommand.class);
  }

  @Override
  public void addMeasurements(CommandLine bench) {
    bench.addSubcommand(StreamBench.class);
  }

  @Override
  public String mask(String text) {
    return CredentialMask.inText(text);
  }

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
    return true;
  }
}
