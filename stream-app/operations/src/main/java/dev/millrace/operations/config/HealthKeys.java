package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.text;

import java.util.List;

/** Probes and metrics; {@code health.*}. */
public final class HealthKeys {
  public static final ConfigKey<String> HOST =
      optional(
          "health.host",
          text(),
          "127.0.0.1",
          "0.0.0.0",
          "Address of the probes and metrics. They have no authentication: open them to a network"
              + " only if it is trusted.");

  public static final ConfigKey<Integer> PORT =
      optional(
          "health.port",
          integer(0, 65_535),
          "9464",
          "8080",
          "Port of /health/live, /health/ready and /metrics; 0 takes a free one.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of("health", "Probes and metrics.", List.of(HOST, PORT));

  private HealthKeys() {}
}
