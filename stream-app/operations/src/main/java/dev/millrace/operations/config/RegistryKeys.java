package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigKey.required;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.registryUrls;
import static dev.millrace.operations.config.ConfigType.time;

import java.time.Duration;
import java.util.List;

/** The schema registry; {@code schema.*}. */
public final class RegistryKeys {
  public static final ConfigKey<List<String>> URL =
      required(
          "schema.registry.url",
          registryUrls(),
          "http://registry:8081",
          "Base URLs of the schema registry, tried in order. User and password may stand in a URL,"
              + " percent-encoded.");

  public static final ConfigKey<String> USER =
      optional(
          "schema.registry.user", optionalText(), "", "millrace", "User for basic authentication.");

  public static final ConfigKey<String> PASSWORD =
      optional(
              "schema.registry.password",
              optionalText(),
              "",
              "${file:/run/secrets/registry}",
              "Password for basic authentication.")
          .asSecret();

  public static final ConfigKey<Duration> TIMEOUT =
      optional(
          "schema.registry.timeout",
          time("ms", 100, 60_000),
          "3s",
          "5s",
          "How long one call to the registry may take.");

  public static final ConfigKey<Duration> UNKNOWN_GRACE =
      optional(
          "schema.unknown.grace",
          time("s", 0, 86_400),
          "60s",
          "5m",
          "How long a schema id that the registry does not know is asked for again before the"
              + " document is rejected.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "schema",
          "The schema registry.",
          List.of(URL, USER, PASSWORD, TIMEOUT, UNKNOWN_GRACE),
          RegistryKeys::check);

  private RegistryKeys() {}

  private static void check(ConfigProblems problems) {
    problems.require(
        problems.config().get(USER).isEmpty() == problems.config().get(PASSWORD).isEmpty(),
        "schema.registry.user and schema.registry.password belong together: set both or none");
  }
}
