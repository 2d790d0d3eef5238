package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.logLevels;
import static dev.millrace.operations.config.ConfigType.oneOf;

import java.util.List;
import java.util.Map;

/** What the log looks like; {@code log.*}. */
public final class LogKeys {

  /** How an event is written. */
  public enum Format {
    /** A line for people; a stack trace is several. */
    TEXT,
    /** One line of JSON for each event. */
    JSON
  }

  public static final ConfigKey<Format> FORMAT =
      optional(
          "log.format",
          oneOf(Format.class),
          "text",
          "json",
          "text for people; json for machines: one line for each event, an object with time (ISO"
              + " 8601, UTC), level, logger, thread, message and, of a failure, error.type,"
              + " error.message and error.trace. Lines of the virtual machine itself, and the one"
              + " with which a command ends in failure, stay text.");

  public static final ConfigKey<Map<String, String>> LEVELS =
      optional(
          "log.levels",
          logLevels(),
          "",
          "org.apache.kafka=INFO, dev.millrace=DEBUG",
          "The least level that is logged, by the beginning of the logger's name: LOGGER=LEVEL,"
              + " separated by commas; root is all others. Levels are OFF, ERROR, WARN, INFO,"
              + " DEBUG and TRACE.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of("log", "What is logged, and how.", List.of(FORMAT, LEVELS));

  private LogKeys() {}
}
