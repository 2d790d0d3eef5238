package dev.millrace.operations.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.millrace.enrichment.Suggestion;
import dev.millrace.schema.CredentialMask;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads a configuration file, lays environment variables over it, and checks everything before it
 * complains. Used once, by one thread.
 */
public final class ConfigReader {
  /** Beginning of the environment variables that override settings. */
  static final String ENVIRONMENT_PREFIX = "MILLRACE_";

  /** Settings below it go to every Kafka client. */
  public static final String CLIENT_PREFIX = "kafka.client.";

  /** The launcher's own variables. */
  private static final Set<String> LAUNCHER =
      Set.of(
          "MILLRACE_CUDA_LIBRARY",
          "MILLRACE_JAVA_HOME",
          "MILLRACE_CACHE",
          "MILLRACE_JAVA_OPTS",
          "MILLRACE_NO_BUILD",
          "MILLRACE_HOME");

  /** Variables that Kubernetes makes for a service whose name begins with ours. */
  private static final Pattern SERVICE_LINK =
      Pattern.compile("MILLRACE_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT.*)|PORT(_\\d+_(TCP|UDP).*)?)");

  private static final Pattern FILE = Pattern.compile("\\$\\{file:([^}]+)}");
  private static final Pattern NAME = Pattern.compile("\\b(alias|anchor|tag) .+");
  private static final int FILE_BYTES_MAX = 64 << 10;

  private final ConfigSpec spec;
  private final String source;
  private final Path directory;
  private final List<String> problems = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final Map<String, String> texts = new TreeMap<>();

  /** As they stand in file and environment: what comes from other files may be a secret. */
  private final Map<String, String> written = new TreeMap<>();

  private ConfigReader(ConfigSpec spec, String source, Path directory) {
    this.spec = spec;
    this.source = source;
    this.directory = directory;
  }

  /**
   * Reads a file.
   *
   * @param spec the settings there are
   * @param environment the process's environment variables
   * @throws ConfigException with everything that is wrong
   */
  public static Config read(ConfigSpec spec, Path file, Map<String, String> environment) {
    Path absolute = file.toAbsolutePath().normalize();
    String yaml;
    try {
      yaml = Files.readString(absolute, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new ConfigException(
          absolute.toString(), List.of("cannot read the file: " + e.getClass().getSimpleName()));
    }
    Path parent = absolute.getParent();
    return parse(
        spec, absolute.toString(), parent == null ? Path.of("/") : parent, yaml, environment);
  }

  /** Reads a text; relative paths start at {@code directory}. */
  public static Config parse(
      ConfigSpec spec,
      String source,
      Path directory,
      String yaml,
      Map<String, String> environment) {
    return new ConfigReader(spec, source, directory).parse(yaml, environment);
  }

  private Config parse(String yaml, Map<String, String> environment) {
    flatten(yaml);
    overlay(environment);
    written.putAll(texts);
    texts.replaceAll(this::withFiles);
    Map<String, ConfigKey<?>> known = spec.byName();
    Map<ConfigKey<?>, Object> values = new LinkedHashMap<>();
    Map<String, String> client = new TreeMap<>();
    ConfigEntries entries = new ConfigEntries(spec, texts.keySet(), problems, this::asWritten);
    for (Map.Entry<String, String> entry : texts.entrySet()) {
      String name = entry.getKey();
      if (name.startsWith(CLIENT_PREFIX)) {
        readClient(name.substring(CLIENT_PREFIX.length()), entry.getValue(), client);
      } else if (!known.containsKey(name)
          && !spec.isForeign(name)
          && !entries.take(name, entry.getValue())) {
        problems.add("unknown key \"%s\"%s".formatted(name, Suggestion.hint(name, known.keySet())));
      }
    }
    renamed();
    for (ConfigKey<?> key : spec.keys()) {
      value(key).ifPresent(value -> values.put(key, value));
    }
    int before = problems.size();
    Config.Entries read = entries.read(source, directory);
    boolean whole = values.size() == spec.keys().size() && problems.size() == before;
    Config config = new Config(spec, spec.keys(), source, directory, values, client, notes, read);
    if (whole) {
      problems.addAll(spec.problems(config));
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(source, problems);
    }
    return config;
  }

  /** What is set under a name of old is taken, and told. */
  private void renamed() {
    for (ConfigKey<?> key : spec.keys()) {
      for (String old : key.renamedFrom()) {
        String text = texts.remove(old);
        if (text == null) {
          continue;
        }
        if (texts.putIfAbsent(key.name(), text) != null) {
          problems.add(
              "%s is set twice: its old name is %s; remove that".formatted(key.name(), old));
        } else {
          written.putIfAbsent(key.name(), written.getOrDefault(old, ""));
          notes.add("%s is called %s now: rename it".formatted(old, key.name()));
        }
      }
    }
  }

  private <T> Optional<T> value(ConfigKey<T> key) {
    String text = texts.get(key.name());
    if (text == null) {
      if (key.isRequired()) {
        problems.add(
            "%s is missing: %s Example: %s"
                .formatted(key.name(), key.description(), key.example()));
        return Optional.empty();
      }
      text = key.defaultText();
    }
    try {
      return Optional.of(key.type().read(text));
    } catch (IllegalArgumentException e) {
      problems.add(
          "%s: expected %s, got %s"
              .formatted(
                  key.name(),
                  e.getMessage(),
                  key.secret() ? "something else" : asWritten(key.name())));
      return Optional.empty();
    }
  }

  private void readClient(String name, String text, Map<String, String> client) {
    if (ClientSettings.isOwned(name)) {
      problems.add(
          "%s%s is set by the application itself; remove it".formatted(CLIENT_PREFIX, name));
    } else if (!ClientSettings.known().contains(name)) {
      problems.add(
          "%s%s is not a setting of Kafka's clients%s"
              .formatted(CLIENT_PREFIX, name, Suggestion.hint(name, ClientSettings.known())));
    } else {
      client.put(name, text);
    }
  }

  private void flatten(String yaml) {
    ObjectMapper mapper = new ObjectMapper(new YAMLFactory());
    mapper.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    JsonNode root;
    try {
      root = mapper.readTree(yaml);
    } catch (JsonProcessingException e) {
      problems.add(
          String.format(
              Locale.ROOT,
              "line %d is not valid YAML: %s",
              e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
              // An unquoted value that begins with * or ! is taken for a name, and quoted.
              NAME.matcher(e.getOriginalMessage().lines().findFirst().orElse(""))
                  .replaceAll("$1 " + CredentialMask.HIDDEN)));
      return;
    }
    if (root.isMissingNode() || root.isNull()) {
      return;
    }
    if (!root.isObject()) {
      problems.add("expected keys and values, got " + root.getNodeType());
      return;
    }
    flatten("", root);
  }

  private void flatten(String prefix, JsonNode node) {
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      String name = prefix.isEmpty() ? field.getKey() : prefix + "." + field.getKey();
      JsonNode value = field.getValue();
      if (value.isObject()) {
        flatten(name, value);
      } else if (value.isArray() && hasObjects(value)) {
        for (int i = 0; i < value.size(); i++) {
          if (value.get(i).isObject()) {
            flatten(name + "." + i, value.get(i));
          } else {
            problems.add("%s: expected keys and values in each entry".formatted(name));
          }
        }
      } else if (value.isNull()) {
        problems.add("%s has no value; give it one or remove it".formatted(name));
      } else {
        String text = value.isArray() ? joined(value) : value.asText();
        if (texts.put(name, text) != null) {
          problems.add(name + " is set twice");
        }
      }
    }
  }

  private static boolean hasObjects(JsonNode list) {
    for (JsonNode entry : list) {
      if (entry.isObject()) {
        return true;
      }
    }
    return false;
  }

  private static String joined(JsonNode list) {
    List<String> parts = new ArrayList<>();
    list.forEach(part -> parts.add(part.asText()));
    return String.join(",", parts);
  }

  private void overlay(Map<String, String> environment) {
    Map<String, String> names = new TreeMap<>();
    for (String name : spec.byName().keySet()) {
      names.put(ConfigKey.environmentName(name), name);
    }
    for (String name : ClientSettings.known()) {
      names.put(ConfigKey.environmentName(CLIENT_PREFIX + name), CLIENT_PREFIX + name);
    }
    for (String variable : new TreeSet<>(environment.keySet())) {
      String name = names.get(variable);
      if (name != null) {
        texts.put(name, environment.getOrDefault(variable, ""));
      } else if (variable.startsWith(ENVIRONMENT_PREFIX)
          && !LAUNCHER.contains(variable)
          && !spec.isForeignVariable(variable)
          && !SERVICE_LINK.matcher(variable).matches()) {
        problems.add(
            "unknown environment variable %s%s"
                .formatted(variable, Suggestion.hint(variable, names.keySet())));
      }
    }
  }

  /** Puts the content of files in place of <code>${file:path}</code>. */
  private String withFiles(String name, String text) {
    Matcher matcher = FILE.matcher(text);
    StringBuilder result = new StringBuilder();
    while (matcher.find()) {
      Path file = directory.resolve(matcher.group(1));
      String content = "";
      try {
        if (Files.size(file) > FILE_BYTES_MAX) {
          problems.add(
              String.format(
                  Locale.ROOT, "%s: %s has more than %d bytes", name, file, FILE_BYTES_MAX));
        } else {
          content = Files.readString(file, StandardCharsets.UTF_8).stripTrailing();
        }
      } catch (IOException e) {
        problems.add("%s: cannot read %s: %s".formatted(name, file, e.getClass().getSimpleName()));
      }
      matcher.appendReplacement(result, Matcher.quoteReplacement(content));
    }
    return matcher.appendTail(result).toString();
  }

  /** A setting as it stands in file or environment, so that no file's content is shown. */
  private String asWritten(String name) {
    String shown = CredentialMask.inUrls(written.getOrDefault(name, ""));
    return "\"" + (shown.length() <= 80 ? shown : shown.substring(0, 80) + "…") + "\"";
  }
}
