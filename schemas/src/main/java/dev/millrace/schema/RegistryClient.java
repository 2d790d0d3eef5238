package dev.millrace.schema;

import dev.millrace.schema.RegistryException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A schema registry: looked up while records flow, written to by deploy steps.
 *
 * <p>Schemas that were found are kept; ids that were not known are remembered for a short time, so
 * that a burst of poisoned records does not become a burst of calls. Calls that find the registry
 * away are repeated for a bounded time. While it stays away, a lookup is told so at once, but for
 * one in a second that tries: those who know their schemas must not queue behind those who wait. An
 * id is asked for once, however many look it up at the same time. Thread-safe; owns its connection.
 */
public final class RegistryClient implements SchemaSource, AutoCloseable {

  private final RegistryApi api;
  private final Retry retry;
  private final LongSupplier nanoClock;
  private final Duration unknownTtl;
  private final Map<SchemaId, SchemaLookup> known;
  private final Map<SchemaId, Remembered> unknown;
  private final Map<SchemaId, CompletableFuture<SchemaLookup>> asked = new LinkedHashMap<>();
  private final Outage outage;

  private record Remembered(SchemaLookup.Unknown answer, long untilNanos) {}

  RegistryClient(RegistryApi api, RegistrySettings settings, Retry retry, LongSupplier nanoClock) {
    this.api = api;
    this.retry = retry;
    this.nanoClock = nanoClock;
    this.unknownTtl = settings.unknownTtl();
    this.known = new BoundedCache<>(settings.cacheEntriesMax());
    this.unknown = new BoundedCache<>(settings.cacheEntriesMax());
    this.outage = new Outage(nanoClock);
  }

  /** A client; connects when first used. */
  public static RegistryClient create(RegistrySettings settings) {
    LongSupplier clock = System::nanoTime;
    return new RegistryClient(
        new ConfluentRegistry(settings),
        settings,
        new Retry(
            settings.patience(),
            clock,
            Thread::sleep,
            () -> ThreadLocalRandom.current().nextLong()),
        clock);
  }

  @Override
  public SchemaLookup lookup(SchemaId id) {
    CompletableFuture<SchemaLookup> mine = new CompletableFuture<>();
    CompletableFuture<SchemaLookup> others;
    Outage.Turn turn;
    synchronized (this) {
      SchemaLookup remembered = remembered(id);
      if (remembered != null) {
        return remembered;
      }
      turn = outage.turn();
      if (turn == Outage.Turn.NOT_NOW) {
        return new SchemaLookup.Unavailable(outage.message());
      }
      others = asked.putIfAbsent(id, mine);
    }
    // With a turn to ask once nobody waits for anybody: whoever asked before may wait for long.
    if (others != null && turn == Outage.Turn.PATIENTLY) {
      return await(others);
    }
    try {
      SchemaLookup answer = ask(id, turn);
      remember(id, answer);
      mine.complete(answer);
      return answer;
    } finally {
      // Completed already, unless something was thrown that is nobody's answer.
      mine.complete(new SchemaLookup.Unavailable("the lookup of schema " + id + " broke off"));
      synchronized (this) {
        asked.remove(id, mine);
      }
    }
  }

  private static SchemaLookup await(CompletableFuture<SchemaLookup> others) {
    try {
      return others.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new SchemaLookup.Unavailable("interrupted while another looked up the same schema");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a lookup is always completed with an answer", e);
    }
  }

  private synchronized void remember(SchemaId id, SchemaLookup answer) {
    switch (answer) {
      case SchemaLookup.Found found -> known.put(id, found);
      case SchemaLookup.Unusable unusable -> known.put(id, unusable);
      case SchemaLookup.OtherType other -> known.put(id, other);
      case SchemaLookup.Unknown no ->
          unknown.put(id, new Remembered(no, nanoClock.getAsLong() + unknownTtl.toNanos()));
      case SchemaLookup.Unavailable _ -> {}
    }
  }

  /** Called with the lock held. */
  private @Nullable SchemaLookup remembered(SchemaId id) {
    SchemaLookup found = known.get(id);
    if (found != null) {
      return found;
    }
    Remembered no = unknown.get(id);
    if (no == null) {
      return null;
    }
    if (no.untilNanos() - nanoClock.getAsLong() > 0) {
      return no.answer();
    }
    unknown.remove(id);
    return null;
  }

  private SchemaLookup ask(SchemaId id, Outage.Turn turn) {
    RegistryApi.Stored stored;
    List<RegistryApi.Stored> needed;
    try {
      stored = call(turn, () -> api.schema(id));
      needed = References.of(stored, reference -> call(turn, () -> api.schema(reference)));
      outage.over();
    } catch (RegistryException e) {
      outage.hear(e);
      String message = String.valueOf(e.getMessage());
      // Credentials and requests that are refused are not the record's fault.
      return e.kind() == Kind.UNKNOWN
          ? new SchemaLookup.Unknown(message)
          : new SchemaLookup.Unavailable(message);
    } catch (RuntimeException | Error e) {
      outage.over();
      throw e;
    }
    if (!stored.type().equals(References.AVRO)) {
      return new SchemaLookup.OtherType(stored.type());
    }
    try {
      return new SchemaLookup.Found(parse(stored, needed));
    } catch (RuntimeException | StackOverflowError e) {
      return new SchemaLookup.Unusable(
          "schema %s of the registry is not an Avro schema that can be read: %s"
              .formatted(id, e.getClass().getSimpleName()));
    }
  }

  private <T> T call(Outage.Turn turn, Supplier<T> question) {
    return turn == Outage.Turn.ONCE ? question.get() : retry.call(question);
  }

  /** A writer's schema: its defaults are never used, so wrong ones do not count. */
  private static Schema parse(RegistryApi.Stored stored, List<RegistryApi.Stored> needed) {
    Schema.Parser parser = new Schema.Parser();
    parser.setValidateDefaults(false);
    needed.forEach(schema -> {
      Schema _ = parser.parse(schema.text());
    });
    return parser.parse(stored.text());
  }

  /**
   * The id of exactly this schema in a subject; empty if it is not registered there.
   *
   * @throws RegistryException if the registry is away or refuses
   */
  public OptionalInt idOf(String subject, Schema schema) {
    try {
      return OptionalInt.of(retry.call(() -> api.idOf(subject, schema)));
    } catch (RegistryException e) {
      if (e.kind() == Kind.UNKNOWN) {
        return OptionalInt.empty();
      }
      throw e;
    }
  }

  /**
   * Registers a schema; the same one again gives the same id.
   *
   * @throws RegistryException of kind {@link Kind#INCOMPATIBLE} if it does not fit the earlier ones
   */
  public int register(String subject, Schema schema) {
    return retry.call(() -> registerOnce(subject, schema));
  }

  /**
   * A conflict is not always an incompatibility: it may also be another registration of the same
   * subject at the same moment, perhaps our own whose answer did not arrive in time.
   */
  private int registerOnce(String subject, Schema schema) {
    try {
      return api.register(subject, schema);
    } catch (RegistryException e) {
      if (e.kind() != Kind.INCOMPATIBLE || !api.isCompatible(subject, schema)) {
        throw e;
      }
      try {
        return api.idOf(subject, schema);
      } catch (RegistryException notYet) {
        throw new RegistryException(
            Kind.UNAVAILABLE, e.httpStatus(), String.valueOf(e.getMessage()), e);
      }
    }
  }

  /**
   * Why a schema could not be registered, against every version of the subject; empty if it could.
   * A subject that does not exist takes anything.
   *
   * @throws RegistryException if the registry is away or refuses
   */
  public List<String> check(String subject, Schema schema) {
    List<Integer> versions;
    try {
      versions = retry.call(() -> api.versions(subject));
    } catch (RegistryException e) {
      if (e.kind() == Kind.UNKNOWN) {
        return List.of();
      }
      throw e;
    }
    List<String> problems = new ArrayList<>();
    for (int version : versions) {
      RegistryApi.Stored earlier =
          retry.call(() -> api.schema(new RegistryApi.Reference(subject, version)));
      problems.addAll(against(version, earlier, schema));
    }
    if (problems.isEmpty() && !retry.call(() -> api.isCompatible(subject, schema))) {
      problems.add("the registry would refuse it at the subject's compatibility level");
    }
    return problems;
  }

  private List<String> against(int version, RegistryApi.Stored earlier, Schema schema) {
    List<RegistryApi.Stored> needed =
        References.of(earlier, reference -> retry.call(() -> api.schema(reference)));
    try {
      return Incompatibilities.between(schema, parse(earlier, needed)).stream()
          .map(problem -> String.format(Locale.ROOT, "version %d: %s", version, problem))
          .toList();
    } catch (RuntimeException e) {
      return List.of(String.format(Locale.ROOT, "version %d is not an Avro schema", version));
    }
  }

  /**
   * Sets a subject's compatibility level, e.g. {@code BACKWARD_TRANSITIVE}.
   *
   * @throws RegistryException if the registry is away or refuses
   */
  public void setCompatibilityLevel(String subject, String level) {
    retry.call(() -> {
      api.setCompatibilityLevel(subject, level);
      return level;
    });
  }

  /** A subject's compatibility level as the registry reports it. */
  public String compatibilityLevel(String subject) {
    return retry.call(() -> api.compatibilityLevel(subject));
  }

  @Override
  public void close() {
    api.close();
  }
}
