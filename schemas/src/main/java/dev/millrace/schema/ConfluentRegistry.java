package dev.millrace.schema;

import dev.millrace.schema.RegistryException.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchemaProvider;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.RestService;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.entities.SchemaString;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.security.basicauth.BasicAuthCredentialProvider;
import org.apache.flink.avro.shaded.com.fasterxml.jackson.core.type.TypeReference;
import org.jspecify.annotations.Nullable;

/**
 * The registry through Confluent's own client, which Flink carries under names of its own; the only
 * class that knows them.
 *
 * <p>Ids are looked up below that client's cache: it would parse whatever schema comes with its
 * own, older Avro.
 */
final class ConfluentRegistry implements RegistryApi {

  private static final String AVRO = "AVRO";

  private final String where;
  private final RestService rest;
  private final SchemaRegistryClient client;

  ConfluentRegistry(RegistrySettings settings) {
    this.where = settings.where();
    List<RegistryUrl> addresses = settings.addresses();
    // The client sees addresses without credentials: it logs them, and exceptions quote them.
    this.rest = new RestService(addresses.stream().map(RegistryUrl::base).toList());
    Map<String, Object> config = new LinkedHashMap<>(settings.client());
    config.put("http.connect.timeout.ms", Long.toString(settings.connectTimeout().toMillis()));
    config.put("http.read.timeout.ms", Long.toString(settings.readTimeout().toMillis()));
    // Hands timeouts, credentials and TLS on to the service.
    this.client =
        new CachedSchemaRegistryClient(
            rest, settings.cacheEntriesMax(), List.of(new AvroSchemaProvider()), config, Map.of());
    if (settings.client().keySet().stream().noneMatch(name -> name.contains("auth."))) {
      rest.setBasicAuthCredentialProvider(new AddressCredentials(addresses));
    }
  }

  /** Credentials that came with an address. */
  private record AddressCredentials(List<RegistryUrl> addresses)
      implements BasicAuthCredentialProvider {

    @Override
    public String alias() {
      return "MILLRACE_ADDRESS";
    }

    @Override
    public @Nullable String getUserInfo(URL asked) {
      String text = asked.toString();
      return addresses.stream()
          .filter(address -> text.startsWith(address.base() + "/"))
          .findFirst()
          .map(RegistryUrl::user)
          .orElse(null);
    }

    @Override
    public void configure(Map<String, ?> settings) {}
  }

  private interface Call<T> {
    T run() throws IOException, RestClientException;
  }

  private <T> T call(String what, Call<T> call) {
    try {
      return call.run();
    } catch (RestClientException e) {
      throw new RegistryException(
          kind(e.getStatus(), e.getErrorCode()),
          e.getStatus(),
          String.format(
              Locale.ROOT,
              "cannot %s: registry %s answers HTTP %d, code %d: %s",
              what,
              where,
              e.getStatus(),
              e.getErrorCode(),
              oneLine(e.getMessage())),
          withoutSecrets(e));
    } catch (IOException | UncheckedIOException e) {
      throw new RegistryException(
          Kind.UNAVAILABLE,
          0,
          "cannot %s: registry %s: %s".formatted(what, where, oneLine(e.toString())),
          withoutSecrets(e));
    } catch (RuntimeException e) {
      throw new RegistryException(
          Kind.UNAVAILABLE,
          0,
          "cannot %s: registry %s gives an answer that cannot be understood: %s"
              .formatted(what, where, oneLine(e.toString())),
          withoutSecrets(e));
    }
  }

  /**
   * By status, for codes differ between makers. The exception: a 404 without one of the registry's
   * own codes comes from something else at that address, and says nothing about what was asked for.
   */
  static Kind kind(int status, int code) {
    return switch (status) {
      case 401, 403 -> Kind.FORBIDDEN;
      case 404 -> code / 100 == 404 ? Kind.UNKNOWN : Kind.UNAVAILABLE;
      case 409 -> Kind.INCOMPATIBLE;
      case 408, 429 -> Kind.UNAVAILABLE;
      default -> status >= 400 && status < 500 ? Kind.REFUSED : Kind.UNAVAILABLE;
    };
  }

  /**
   * The failure itself, or, if it or a cause of it shows a secret, one that says the same less it.
   */
  private static Throwable withoutSecrets(Throwable failure) {
    StringWriter trace = new StringWriter();
    failure.printStackTrace(new PrintWriter(trace));
    if (CredentialMask.inText(trace.toString()).contentEquals(trace.getBuffer())) {
      return failure;
    }
    Throwable cause = failure.getCause();
    IOException same =
        new IOException(
            CredentialMask.inText(failure.toString()),
            cause == null ? null : withoutSecrets(cause));
    same.setStackTrace(failure.getStackTrace());
    return same;
  }

  private static String oneLine(@Nullable String message) {
    String line = CredentialMask.inText(String.valueOf(message)).replaceAll("\\s+", " ");
    return line.length() <= 300 ? line : line.substring(0, 300) + "...";
  }

  @Override
  public Stored schema(SchemaId id) {
    return switch (id) {
      case SchemaId.Numbered(int number) ->
          call("look up schema " + id, () -> stored(rest.getId(number)));
      case SchemaId.Guid guid -> byGuid(guid);
    };
  }

  /** Registries before the GUID's day answer 404 to the address as such: unknown, too. */
  private Stored byGuid(SchemaId.Guid id) {
    try {
      return call(
          "look up schema " + id,
          () ->
              stored(
                  rest.httpRequest(
                      "/schemas/guids/" + id,
                      "GET",
                      null,
                      RestService.DEFAULT_REQUEST_PROPERTIES,
                      new TypeReference<SchemaString>() {})));
    } catch (RegistryException e) {
      if (e.httpStatus() == 404) {
        throw new RegistryException(Kind.UNKNOWN, 404, String.valueOf(e.getMessage()), e);
      }
      throw e;
    }
  }

  private static Stored stored(SchemaString answer) throws IOException {
    if (answer == null || answer.getSchemaString() == null) {
      throw new IOException("the answer has no schema");
    }
    String type = answer.getSchemaType();
    return new Stored(
        type == null ? AVRO : type, answer.getSchemaString(), references(answer.getReferences()));
  }

  @Override
  public Stored schema(Reference reference) {
    return call(
        String.format(
            Locale.ROOT,
            "look up version %d of %s, which a schema refers to",
            reference.version(),
            reference.subject()),
        () -> {
          var found = rest.getVersion(reference.subject(), reference.version());
          String type = found.getSchemaType();
          if (found.getSchema() == null) {
            throw new IOException("the answer has no schema");
          }
          return new Stored(
              type == null ? AVRO : type, found.getSchema(), references(found.getReferences()));
        });
  }

  private static List<Reference> references(@Nullable List<SchemaReference> found) {
    return found == null
        ? List.of()
        : found.stream()
            .map(reference -> new Reference(reference.getSubject(), reference.getVersion()))
            .toList();
  }

  @Override
  public int register(String subject, Schema schema) {
    return call(
        "register a schema for " + subject,
        () -> client.register(subject, new AvroSchema(schema.toString())));
  }

  @Override
  public int idOf(String subject, Schema schema) {
    return call(
        "find the id of a schema of " + subject,
        () -> client.getId(subject, new AvroSchema(schema.toString())));
  }

  @Override
  public List<Integer> versions(String subject) {
    return call("list the versions of " + subject, () -> client.getAllVersions(subject));
  }

  @Override
  public boolean isCompatible(String subject, Schema schema) {
    // Not the verbose call: some servers answer it with an empty list, which reads as "compatible".
    return call(
        "check a schema against " + subject,
        () -> client.testCompatibility(subject, new AvroSchema(schema.toString())));
  }

  @Override
  public String compatibilityLevel(String subject) {
    return call(
        "read the compatibility level of " + subject, () -> client.getCompatibility(subject));
  }

  @Override
  public void setCompatibilityLevel(String subject, String level) {
    String _ =
        call(
            "set the compatibility level of " + subject + " to " + level,
            () -> client.updateCompatibility(subject, level));
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the registry client", e);
    }
  }
}
