package dev.millrace.flink;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The packaged job: {@code flink run millrace-flink.jar millrace.yaml}. */
public final class FlinkMain {

  private FlinkMain() {}

  /** Submits the job that a configuration describes. */
  public static void main(String[] arguments) throws Exception {
    if (arguments.length != 1 || arguments[0].startsWith("-")) {
      // Flink's command line shows it.
      throw new IllegalArgumentException("usage: flink run millrace-flink.jar MILLRACE_YAML");
    }
    JobConfig job = JobConfig.read(Path.of(arguments[0]), Map.copyOf(System.getenv()));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    String build = build();
    new EnrichmentJob(job, config -> Parts.open(config, build)).addTo(environment);
    environment.execute(job.parse().get(FlinkKeys.JOB));
  }

  /** Version of this software, for provenance. */
  static String build() {
    String version = FlinkMain.class.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }
}
