package dev.millrace.streams.config;

import java.util.Map;

/** The reference page, made from the list of settings. */
public final class ConfigReference {
  private static final Map<String, String> SECTIONS =
      Map.of(
          "kafka", "Where the brokers are.",
          "app", "The Kafka Streams application.",
          "topics", "Names and sizes of the topics.",
          "schema", "The schema registry.",
          "documents", "What arrives.",
          "processing", "How much is in flight, and what happens to slow documents.",
          "watchdog", "When the application counts as stalled, and a partition as hanging.",
          "model", "What enriches the documents.",
          "health", "Probes and metrics.");

  private ConfigReference() {}

  /** The page in Markdown. */
  public static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Configuration

        Generated from `ConfigKeys`, `AppKeys` and `ProcessingKeys`; edit them and run the tests
        with `-Dmillrace.docs.write=true`.

        One YAML file, given with `--config`. Dots in a name are levels of the file; both forms
        are read:

        ```yaml
        kafka.bootstrap.servers: broker-1:9092
        schema:
          registry.url: http://registry:8081
        model.dir: /models/llama-4-scout
        ```

        An environment variable overrides each setting: its name in upper case, dots as
        underscores, after `MILLRACE_` (`app.threads` is `MILLRACE_APP_THREADS`). Variables that
        Kubernetes makes for services are ignored.

        `${file:/run/secrets/name}` in a value stands for the content of that file, without its
        last line end. Secrets are never printed. A relative path starts at the directory of the
        configuration file. Durations have a unit (`ms`, `s`, `m`, `h`, `d`), sizes may have one
        (`KiB`, `MiB`, `GiB`). A value that cannot be read is an error, never the default, and all
        errors are reported at once.

        ## Kafka client settings

        `kafka.client.NAME` passes a setting to every Kafka client, for instance
        `kafka.client.security.protocol`, `kafka.client.sasl.mechanism`,
        `kafka.client.sasl.jaas.config` or `kafka.client.ssl.keystore.location`. Unknown names are
        refused, and so are those that the application sets itself, such as `isolation.level`.
        """);
    String section = "";
    for (ConfigKey<?> key : ConfigKeys.all()) {
      String first = key.name().substring(0, key.name().indexOf('.'));
      if (!first.equals(section)) {
        section = first;
        page.append("\n## ").append(section).append("\n\n");
        page.append(SECTIONS.getOrDefault(section, "")).append("\n");
      }
      page.append("\n### ").append(key.name()).append("\n\n");
      page.append(key.description()).append("\n\n");
      page.append("- type: ").append(key.type().name()).append("\n");
      page.append("- default: ").append(defaultOf(key)).append("\n");
      page.append("- example: `").append(key.example()).append("`\n");
      if (key.secret()) {
        page.append("- secret: never printed\n");
      }
    }
    return page.toString();
  }

  private static String defaultOf(ConfigKey<?> key) {
    if (key.isRequired()) {
      return "none, must be set";
    }
    return key.defaultText().isEmpty() ? "empty" : "`" + key.defaultText() + "`";
  }
}
