package dev.millrace.operations.health;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Map;

/**
 * The health check of a container engine that has none of its own: asks the process beside it
 * whether it is alive. A program of its own, so that it costs a small virtual machine and no more.
 * Stateless.
 */
public final class HealthProbe {
  private static final String PORT_VARIABLE = "MILLRACE_HEALTH_PORT";
  private static final String DEFAULT_PORT = "9464";
  private static final int TIMEOUT_MILLIS = 4_000;

  private HealthProbe() {}

  /** Exits with 0 if {@code /health/live} of this machine's loopback address says so, else 1. */
  public static void main(String[] arguments) {
    System.exit(isLive(port(System.getenv())) ? 0 : 1);
  }

  /** The port of {@code health.port} where the environment sets it, and the image's otherwise. */
  static String port(Map<String, String> environment) {
    return environment.getOrDefault(PORT_VARIABLE, DEFAULT_PORT);
  }

  static boolean isLive(String port) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/health/live").toURL().openConnection();
      try {
        connection.setConnectTimeout(TIMEOUT_MILLIS);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
      } finally {
        connection.disconnect();
      }
    } catch (IOException e) {
      // Nothing listens, or it does not answer.
      return false;
    }
  }
}
