package dev.millrace.cli.operations;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.millrace.cli.CommandSet;
import dev.millrace.cli.ExitCode;
import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.schema.CredentialMask;
import java.util.OptionalInt;
import org.slf4j.LoggerFactory;

/** Commands that read a configuration and log in to servers. */
public abstract class ServerCommands implements CommandSet {

  @Override
  public final String mask(String text) {
    return CredentialMask.inText(text);
  }

  @Override
  public final OptionalInt exitCode(Throwable failure) {
    return switch (failure) {
      case ConfigException _ -> OptionalInt.of(ExitCode.USAGE);
      case OperationException _ -> OptionalInt.of(ExitCode.FAILURE);
      default -> OptionalInt.empty();
    };
  }

  @Override
  public boolean logMore() {
    show("dev.millrace", Level.DEBUG);
    show("org.apache.kafka", Level.INFO);
    return true;
  }

  /** Lets a logger say at least so much: one that says more already is left alone. */
  protected static void show(String name, Level level) {
    Logger logger = (Logger) LoggerFactory.getLogger(name);
    if (logger.getEffectiveLevel().isGreaterOrEqual(level)) {
      logger.setLevel(level);
    }
  }
}
