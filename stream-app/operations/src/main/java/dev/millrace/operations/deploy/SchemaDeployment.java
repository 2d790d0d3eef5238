package dev.millrace.operations.deploy;

import dev.millrace.operations.OperationException;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.DocumentFormat;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.records.AvroOutcomes.OutputSchemaIds;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.Sink;
import dev.millrace.schema.RegistryClient;
import dev.millrace.schema.RegistryException;
import dev.millrace.schema.RegistrySettings;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaRole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** The schemas of the application's topics. Borrows a registry client. */
public final class SchemaDeployment {
  /** Readers of the outputs may be upgraded first, and read all that was ever written. */
  private static final String OUTPUT_LEVEL = "BACKWARD_TRANSITIVE";

  /** Producers of documents may go ahead, and this application still reads them. */
  private static final String INPUT_LEVEL = "FORWARD_TRANSITIVE";

  private final Config config;
  private final RegistryClient registry;

  private record Subject(String topic, SchemaRole role, String level) {
    String name() {
      return SchemaCatalog.subject(topic);
    }
  }

  /** Borrows the client. */
  public SchemaDeployment(Config config, RegistryClient registry) {
    this.config = config;
    this.registry = registry;
  }

  /**
   * How the configuration says the registry is reached.
   *
   * @param patience how long one call goes on trying
   */
  public static RegistrySettings settings(Config config, Duration patience) {
    RegistrySettings settings =
        RegistrySettings.of(config.get(RegistryKeys.URL))
            .withTimeout(config.get(RegistryKeys.TIMEOUT))
            .withPatience(patience);
    String user = config.get(RegistryKeys.USER);
    return user.isEmpty()
        ? settings
        : settings.withBasicAuth(user, config.get(RegistryKeys.PASSWORD));
  }

  /**
   * Registers what is missing and sets the compatibility levels; the same again changes nothing.
   *
   * @return id by subject
   */
  public Map<String, Integer> register() {
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (Subject subject : subjects()) {
      var schema = SchemaCatalog.current().schema(subject.role());
      List<String> problems = ask(() -> registry.check(subject.name(), schema));
      boolean known = ask(() -> registry.idOf(subject.name(), schema)).isPresent();
      if (!known && !problems.isEmpty()) {
        throw new OperationException(
            "cannot register subject %s: %s"
                .formatted(subject.name(), String.join("; ", problems)));
      }
      ids.put(subject.name(), ask(() -> registry.register(subject.name(), schema)));
      ask(() -> {
        registry.setCompatibilityLevel(subject.name(), subject.level());
        return subject.level();
      });
    }
    return ids;
  }

  /** What is wrong with the registered schemas, one line each; empty if `run` may start. */
  public List<String> check() {
    List<String> problems = new ArrayList<>();
    for (Subject subject : subjects()) {
      boolean needed = subject.role() != SchemaRole.DOCUMENT;
      if (needed && find(subject).isEmpty()) {
        problems.add(
            "the schema of topic %s is not registered in subject %s; run `millrace schemas register`"
                .formatted(subject.topic(), subject.name()));
      }
    }
    return problems;
  }

  /** Ids of the schemas of an input's output topics, as they are registered. */
  public OutputSchemaIds outputIds(Input input) {
    OutputTopics outputs = input.topics().outputs();
    return new OutputSchemaIds(
        id(output(outputs, Sink.ENRICHED)),
        id(output(outputs, Sink.QUARANTINED)),
        id(output(outputs, Sink.DEAD_LETTER)));
  }

  /** Id of the schema of an input topic, as it is registered. */
  public int documentId(String topic) {
    return id(new Subject(topic, SchemaRole.DOCUMENT, INPUT_LEVEL));
  }

  private int id(Subject subject) {
    return find(subject)
        .orElseThrow(() ->
            new OperationException(
                ("the schema of topic %s is not registered; run `millrace schemas register`, or"
                        + " register it as subject %s where an input's pattern names the topic")
                    .formatted(subject.topic(), subject.name())));
  }

  private OptionalInt find(Subject subject) {
    return ask(() -> registry.idOf(subject.name(), SchemaCatalog.current().schema(subject.role())));
  }

  /** One for each topic, in the order of the inputs. */
  private List<Subject> subjects() {
    Map<String, Subject> subjects = new LinkedHashMap<>();
    for (Input input : Input.all(config)) {
      // Values of another shape have a schema of their producer's, and who creates the topics of a
      // pattern registers theirs.
      if (input.format() == DocumentFormat.AVRO && !input.layout().shape().isForeign()) {
        input
            .topics()
            .documents()
            .name()
            .ifPresent(
                topic -> subjects.put(topic, new Subject(topic, SchemaRole.DOCUMENT, INPUT_LEVEL)));
      }
    }
    for (Input input : Input.all(config)) {
      OutputTopics outputs = input.topics().outputs();
      for (Sink sink : Sink.values()) {
        subjects.putIfAbsent(outputs.of(sink), output(outputs, sink));
      }
    }
    return List.copyOf(subjects.values());
  }

  private static Subject output(OutputTopics outputs, Sink sink) {
    SchemaRole role =
        sink == Sink.DEAD_LETTER ? SchemaRole.DEAD_LETTER : SchemaRole.ENRICHED_DOCUMENT;
    return new Subject(outputs.of(sink), role, OUTPUT_LEVEL);
  }

  private static <T> T ask(Supplier<T> call) {
    try {
      return call.get();
    } catch (RegistryException e) {
      throw new OperationException(
          "%s; is schema.registry.url right?".formatted(e.getMessage()), e);
    }
  }
}
