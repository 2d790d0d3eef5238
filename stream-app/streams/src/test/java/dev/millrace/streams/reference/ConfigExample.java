package dev.millrace.streams.reference;

import dev.millrace.operations.config.ConfigKey;
import dev.millrace.operations.config.ConfigList;
import dev.millrace.operations.config.ConfigMap;
import dev.millrace.operations.config.ConfigSection;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.streams.config.ApplicationSpec;
import java.util.ArrayList;
import java.util.List;

/** The complete example of a configuration file, made from the list of settings. */
public final class ConfigExample {
  private static final int WIDTH = 100;

  private ConfigExample() {}

  /** Every setting with its default, or an example where it has none, under its description. */
  public static String yaml() {
    StringBuilder file = new StringBuilder();
    file.append(
        """
        # Every setting of `./millrace run --config FILE`. Those that must be set have an example,
        # all others their default: a file of your own needs the first ones only. Secrets and
        # settings of Kafka's clients: see docs/reference/configuration.md.
        #
        # Generated from the classes whose names end in `Keys`; edit them and run the tests with
        # -Dmillrace.docs.write=true.
        """);
    for (ConfigSection section : ApplicationSpec.SPEC.sections()) {
      file.append("\n# ---- ").append(section.description()).append("\n");
      for (ConfigKey<?> key : section.keys()) {
        file.append("\n");
        wrap(key.description()).forEach(line -> file.append("# ").append(line).append("\n"));
        file.append(key.isRequired() ? "# Must be set.\n" : "# " + key.type().name() + "\n");
        file.append(key.name()).append(": ");
        file.append(quoted(key.isRequired() ? key.example() : key.defaultText())).append("\n");
      }
    }
    file.append("\n# ---- Lists: in place of topics.documents, documents.format and model.plan.\n");
    for (ConfigMap<?> map : ApplicationSpec.SPEC.maps()) {
      file.append("\n");
      wrap(map.description()).forEach(line -> file.append("# ").append(line).append("\n"));
      file.append("# ").append(map.name()).append(":\n#   ");
      file.append(map.example().name()).append(": ").append(map.example().value()).append("\n");
    }
    for (ConfigList list : ApplicationSpec.SPEC.lists()) {
      file.append("\n");
      wrap(list.description()).forEach(line -> file.append("# ").append(line).append("\n"));
      file.append("# ").append(list.name()).append(":\n");
      String lead = "#   - ";
      if (list.named()) {
        file.append("#   guard:\n");
        lead = "#     ";
      }
      for (ConfigKey<?> key : list.keys()) {
        // One of both can be set.
        String other = key.equals(InputKeys.PATTERN) ? "# " : "";
        file.append(lead).append(other);
        file.append(key.name()).append(": ").append(key.example()).append("\n");
        lead = "#     ";
      }
      for (ConfigMap<?> map : list.maps()) {
        file.append(lead).append(map.name()).append(": {").append(map.example().name());
        file.append(": [").append(map.example().value()).append("]}\n");
      }
    }
    return file.toString();
  }

  private static String quoted(String text) {
    return text.isEmpty() ? "\"\"" : text;
  }

  private static List<String> wrap(String text) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > WIDTH - 2) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
