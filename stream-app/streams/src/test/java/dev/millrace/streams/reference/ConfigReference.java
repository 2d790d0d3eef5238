package dev.millrace.streams.reference;

import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigList;
import dev.millrace.operations.config.ConfigMap;
import dev.millrace.operations.config.ConfigSection;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.streams.config.ApplicationSpec;

/** The reference page, made from the list of settings. */
public final class ConfigReference {
  private ConfigReference() {}

  /** The page in Markdown. */
  public static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Configuration

        Generated from the classes whose names end in `Keys`, put together in `ApplicationSpec`;
        edit them and run the tests with `-Dmillrace.docs.write=true`.

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
    for (ConfigSection section : ApplicationSpec.SPEC.sections()) {
      page.append("\n## ").append(section.name()).append("\n\n");
      page.append(section.description()).append("\n");
      section.keys().forEach(key -> append(page, "", key));
      if (section.equals(DocumentKeys.SECTION)) {
        appendInputs(page);
      }
    }
    return page.toString();
  }

  /** What has no fixed number, behind what it is of. */
  private static void appendInputs(StringBuilder page) {
    for (ConfigList list : ApplicationSpec.SPEC.lists()) {
      page.append("\n## ").append(list.name()).append("\n\n");
      page.append(list.description()).append("\n\n");
      page.append(
          list.named() ? "By name; each has these keys." : "A list; each entry has these keys.");
      page.append(" Environment variables do not reach into it.\n");
      String prefix = list.name() + (list.named() ? ".NAME." : "[].");
      list.keys().forEach(key -> append(page, prefix, key));
      list.maps().forEach(map -> append(page, "### " + prefix, map));
    }
    ApplicationSpec.SPEC.maps().forEach(map -> append(page, "## ", map));
  }

  private static void append(StringBuilder page, String title, ConfigMap<?> map) {
    page.append("\n").append(title).append(map.name()).append("\n\n");
    page.append(map.description()).append("\n\n");
    page.append("- type: ").append(map.type().name()).append(" for each name\n");
    page.append("- example: `")
        .append(map.name() + "." + map.example().name() + ": " + map.example().value())
        .append("`\n");
  }

  private static void append(StringBuilder page, String prefix, ConfigKey<?> key) {
    page.append("\n### ").append(prefix).append(key.name()).append("\n\n");
    page.append(key.description()).append("\n\n");
    page.append("- type: ").append(key.type().name()).append("\n");
    page.append("- default: ").append(defaultOf(key)).append("\n");
    page.append("- example: `").append(key.example()).append("`\n");
    if (key.secret()) {
      page.append("- secret: never printed\n");
    }
    page.append("- since: ").append(key.since()).append("\n");
    if (!key.renamedFrom().isEmpty()) {
      page.append("- called before: `")
          .append(String.join("`, `", key.renamedFrom()))
          .append("`\n");
    }
  }

  private static String defaultOf(ConfigKey<?> key) {
    if (key.isRequired()) {
      return "none, must be set";
    }
    return key.defaultText().isEmpty() ? "empty" : "`" + key.defaultText() + "`";
  }
}
