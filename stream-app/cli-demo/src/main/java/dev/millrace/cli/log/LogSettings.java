package dev.millrace.cli.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.LogKeys;
import java.util.Iterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the log into the form that a configuration asks for. Stateless. */
public final class LogSettings {

  private LogSettings() {}

  /** For the whole process, from now on. */
  public static void apply(Config config) {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      apply(config, context);
    }
  }

  static void apply(Config config, LoggerContext context) {
    config
        .get(LogKeys.LEVELS)
        .forEach((logger, level) -> context.getLogger(name(logger)).setLevel(Level.valueOf(level)));
    if (config.get(LogKeys.FORMAT) == LogKeys.Format.JSON) {
      Iterator<Appender<ILoggingEvent>> appenders =
          context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
      while (appenders.hasNext()) {
        if (appenders.next() instanceof OutputStreamAppender<ILoggingEvent> stream) {
          JsonEncoder encoder = new JsonEncoder();
          encoder.setContext(context);
          encoder.start();
          stream.setEncoder(encoder);
        }
      }
    }
  }

  private static String name(String logger) {
    return logger.equalsIgnoreCase("root") ? Logger.ROOT_LOGGER_NAME : logger;
  }
}
