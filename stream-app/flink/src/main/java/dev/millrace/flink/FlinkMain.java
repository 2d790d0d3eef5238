package dev.millrace.flink;

import java.nio.file.Path;
import java.util.Map;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The packaged job: {@code flink run millrace-flink-job.jar --config millrace.yaml}. */
public final class FlinkMain {

  private FlinkMain() {}

  /** Submits the job that a configuration describes. */
  public static void main(String[] arguments) throws Exception {
    JobConfig job = JobConfig.read(config(arguments), Map.copyOf(System.getenv()));
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
    String build = build();
    new EnrichmentJob(job, config -> Parts.open(config, build)).addTo(environment);
    environment.execute(job.parse().get(FlinkKeys.JOB));
  }

  static Path config(String... arguments) {
    if (arguments.length != 2 || !arguments[0].equals("--config")) {
      // Flink's command line shows it.
      throw new IllegalArgumentException(
          "usage: flink run millrace-flink-job.jar --config MILLRACE_YAML; got "
              + arguments.length
              + " arguments");
    }
    return Path.of(arguments[1]);
  }

  /** Version of this software, for provenance. */
  static String build() {
    String version = FlinkMain.class.getPackage().getImplementationVersion();
    return version == null ? "unknown" : version;
  }
}
