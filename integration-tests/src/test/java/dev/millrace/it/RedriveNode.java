package dev.millrace.it;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.deadletter.Redrive;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.config.ApplicationSpec;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;

/** A re-drive in a process of its own, made to be killed. Argument: the configuration file. */
public final class RedriveNode {
  static final int REDRIVES_MAX = 5;

  private RedriveNode() {}

  /** Runs once. */
  public static void main(String[] arguments) {
    Config config = ConfigReader.read(ApplicationSpec.SPEC, Path.of(arguments[0]), Map.of());
    Redrive.Result result = run(config, REDRIVES_MAX);
    System.out.println(result);
  }

  /** Every reason, with the schemas of the tests. */
  static Redrive.Result run(Config config, int redrivesMax) {
    return new Redrive(
            config,
            config.get(AppKeys.ID),
            EnumSet.allOf(RejectReason.class),
            Long.MAX_VALUE,
            redrivesMax,
            OddRecordsTest.SCHEMAS)
        .run();
  }
}
