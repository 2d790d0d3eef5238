package dev.millrace.streams.deploy;

import dev.millrace.schema.RegistryClient;
import dev.millrace.schema.RegistryException;
import dev.millrace.schema.RegistrySettings;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaRole;
import dev.millrace.streams.config.Config;
import dev.millrace.streams.config.ConfigKeys;
import dev.millrace.streams.config.DocumentFormat;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.avro.Schema;

/** The schemas of the application's topics in the registry. Owns a registry client: close it. */
public final class SchemaDeployment implements AutoCloseable {

  /** Every version must be readable by the newest reader: outputs are kept and read again. */
  private static final String LEVEL = "BACKWARD_TRANSITIVE";

  private final RegistryClient registry;
  private final Map<String, SchemaRole> roles = new LinkedHashMap<>();

  /** Opens a client; connects at the first call. */
  public SchemaDeployment(Config config) {
    this.registry = RegistryClient.create(settings(config));
    if (config.get(ConfigKeys.DOCUMENTS_FORMAT) == DocumentFormat.AVRO) {
      roles.put(config.get(ConfigKeys.TOPIC_DOCUMENTS), SchemaRole.DOCUMENT);
    }
    roles.put(config.get(ConfigKeys.TOPIC_ENRICHED), SchemaRole.ENRICHED_DOCUMENT);
    roles.put(config.get(ConfigKeys.TOPIC_QUARANTINED), SchemaRole.ENRICHED_DOCUMENT);
    roles.put(config.get(ConfigKeys.TOPIC_DEAD_LETTER), SchemaRole.DEAD_LETTER);
  }

  /** How the configuration says that the registry is reached. */
  public static RegistrySettings settings(Config config) {
    RegistrySettings settings =
        RegistrySettings.of(config.get(ConfigKeys.REGISTRY_URL))
            .withTimeout(config.get(ConfigKeys.REGISTRY_TIMEOUT));
    String user = config.get(ConfigKeys.REGISTRY_USER);
    return user.isEmpty()
        ? settings
        : settings.withBasicAuth(user, config.get(ConfigKeys.REGISTRY_PASSWORD));
  }

  /**
   * Registers what is not registered; the same schema again keeps its id. Sets the compatibility
   * level of the output subjects.
   *
   * @return id by subject
   * @throws DeployException if a schema does not fit its earlier versions, or the registry refuses
   */
  public Map<String, Integer> register() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    roles.forEach((topic, role) -> {
      String subject = SchemaCatalog.subject(topic);
      Schema schema = SchemaCatalog.current().schema(role);
      try {
        ids.put(subject, registry.register(subject, schema));
        if (role != SchemaRole.DOCUMENT) {
          registry.setCompatibilityLevel(subject, LEVEL);
        }
      } catch (RegistryException e) {
        throw new DeployException(
            "cannot register the schema of %s: %s".formatted(subject, e.getMessage()), e);
      }
    });
    return ids;
  }

  /** What is wrong with the subjects, one line each; empty if the application may start. */
  public List<String> check() {
    List<String> problems = new ArrayList<>();
    roles.forEach((topic, role) -> {
      String subject = SchemaCatalog.subject(topic);
      Schema schema = SchemaCatalog.current().schema(role);
      // Producers of documents may use an older or newer schema than this build's.
      if (role != SchemaRole.DOCUMENT && idOf(subject, schema).isEmpty()) {
        problems.add(
            "subject %s has no schema of this version; run `millrace schemas register`"
                .formatted(subject));
        check(subject, schema, problems);
      }
    });
    return problems;
  }

  private void check(String subject, Schema schema, List<String> problems) {
    try {
      registry.check(subject, schema).stream()
          .map(problem -> "subject %s: %s".formatted(subject, problem))
          .forEach(problems::add);
    } catch (RegistryException e) {
      throw unreachable(subject, e);
    }
  }

  /**
   * The registry's id of this version's schema for a topic.
   *
   * @throws DeployException if it is not registered, or the registry does not answer
   */
  public int id(String topic) {
    SchemaRole role = roles.getOrDefault(topic, SchemaRole.DOCUMENT);
    String subject = SchemaCatalog.subject(topic);
    OptionalInt id = idOf(subject, SchemaCatalog.current().schema(role));
    if (id.isEmpty()) {
      throw new DeployException(
          "subject %s has no schema of this version; run `millrace schemas register`"
              .formatted(subject));
    }
    return id.getAsInt();
  }

  private OptionalInt idOf(String subject, Schema schema) {
    try {
      return registry.idOf(subject, schema);
    } catch (RegistryException e) {
      throw unreachable(subject, e);
    }
  }

  private static DeployException unreachable(String subject, RegistryException e) {
    return new DeployException("cannot check subject %s: %s".formatted(subject, e.getMessage()), e);
  }

  /** The client, for reading records; closed by {@link #close}. */
  public RegistryClient registry() {
    return registry;
  }

  @Override
  public void close() {
    registry.close();
  }
}
