package dev.millrace.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Lookups while nobody answers at the registry; time moves by hand and by waiting between tries.
 */
class RegistryOutageTest {

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int LOOKUPS = 300;
  private static final Duration STEP = Duration.ofMillis(10);
  private static final SchemaId KNOWN = new SchemaId.Numbered(7);
  private static final RegistryApi.Stored STRING = new RegistryApi.Stored("AVRO", "\"string\"");

  private final AtomicInteger calls = new AtomicInteger();
  private volatile Function<SchemaId, RegistryApi.Stored> registry = _ -> STRING;
  private long nanos = 1;

  private RegistryClient client() {
    RegistrySettings settings =
        RegistrySettings.of(List.of("http://registry")).withPatience(PATIENCE);
    Retry retry =
        new Retry(
            settings.patience(), () -> nanos, pause -> nanos += pause.toNanos(), new Random(1));
    return new RegistryClient(api(), settings, retry, () -> nanos);
  }

  private RegistryApi api() {
    return (RegistryApi)
        Proxy.newProxyInstance(
            RegistryApi.class.getClassLoader(),
            new Class<?>[] {RegistryApi.class},
            (_, method, arguments) -> {
              if (method.getName().equals("schema")) {
                calls.incrementAndGet();
                return registry.apply((SchemaId) arguments[0]);
              }
              assertThat(method.getName()).isEqualTo("close");
              return null;
            });
  }

  private static RegistryApi.Stored nobody(SchemaId id) {
    throw new RegistryException(
        RegistryException.Kind.UNAVAILABLE,
        0,
        "cannot look up schema " + id,
        new ConnectException("refused"));
  }

  private static RegistryApi.Stored failed(int status) {
    throw new RegistryException(RegistryException.Kind.UNAVAILABLE, status, "HTTP " + status, null);
  }

  private static SchemaId id(int number) {
    return new SchemaId.Numbered(number);
  }

  /** One decoding thread: what a lookup waits, a document with a known schema behind it waits. */
  @Test
  void shouldKeepThePaceOfKnownSchemasWhileNobodyAnswers() {
    try (RegistryClient client = client()) {
      assertThat(client.lookup(KNOWN)).isInstanceOf(SchemaLookup.Found.class);
      registry = RegistryOutageTest::nobody;
      long begin = nanos;

      for (int i = 0; i < LOOKUPS; i++) {
        assertThat(client.lookup(id(100 + i % 50))).isInstanceOf(SchemaLookup.Unavailable.class);
        assertThat(client.lookup(KNOWN)).isInstanceOf(SchemaLookup.Found.class);
        nanos += STEP.toNanos();
      }

      assertThat(Duration.ofNanos(nanos - begin).minus(STEP.multipliedBy(LOOKUPS)))
          .as("waited in vain: once, by the first lookup")
          .isLessThanOrEqualTo(PATIENCE);
    }
  }

  @Test
  void shouldTryOnceInEachPauseAndBelieveTheFirstAnswer() {
    registry = RegistryOutageTest::nobody;
    try (RegistryClient client = client()) {
      client.lookup(id(1));
      int patient = calls.get();
      assertThat(patient).as("tries of the first lookup").isGreaterThan(1);

      assertThat(client.lookup(id(2)))
          .isInstanceOfSatisfying(
              SchemaLookup.Unavailable.class,
              no -> assertThat(no.message()).contains("cannot look up schema 1"));
      assertThat(calls).as("not asked").hasValue(patient);
      nanos += Outage.PAUSE.toNanos() + 1;
      client.lookup(id(2));
      client.lookup(id(3));
      assertThat(calls).as("asked once").hasValue(patient + 1);

      registry = _ -> STRING;
      assertThat(client.lookup(id(2))).isInstanceOf(SchemaLookup.Unavailable.class);
      nanos += Outage.PAUSE.toNanos() + 1;
      assertThat(client.lookup(id(2))).isInstanceOf(SchemaLookup.Found.class);
      assertThat(client.lookup(id(3))).as("over for all").isInstanceOf(SchemaLookup.Found.class);
    }
  }

  /** An answer for one schema says nothing against the others. */
  @Test
  void shouldNotTakeTheTroubleOfOneSchemaForAnOutage() {
    registry = id -> id.equals(KNOWN) ? STRING : failed(500);
    try (RegistryClient client = client()) {
      assertThat(client.lookup(id(1))).isInstanceOf(SchemaLookup.Unavailable.class);
      assertThat(client.lookup(KNOWN)).isInstanceOf(SchemaLookup.Found.class);

      registry = _ -> failed(503);
      assertThat(client.lookup(id(2))).isInstanceOf(SchemaLookup.Unavailable.class);
      int asked = calls.get();
      assertThat(client.lookup(id(3))).isInstanceOf(SchemaLookup.Unavailable.class);
      assertThat(calls).hasValue(asked);
    }
  }

  @Test
  void shouldAnswerTheOthersWhileOneWaitsForAHole() throws Exception {
    registry = RegistryOutageTest::nobody;
    CountDownLatch inTheHole = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    try (RegistryClient client = client()) {
      client.lookup(id(1));
      nanos += Outage.PAUSE.toNanos() + 1;
      registry =
          id -> {
            inTheHole.countDown();
            await(end);
            return nobody(id);
          };
      CompletableFuture<SchemaLookup> one =
          CompletableFuture.supplyAsync(() -> client.lookup(id(1)));
      await(inTheHole);

      assertThat(client.lookup(id(1))).isInstanceOf(SchemaLookup.Unavailable.class);
      assertThat(client.lookup(id(2))).isInstanceOf(SchemaLookup.Unavailable.class);
      assertThat(one).isNotDone();
      end.countDown();
      assertThat(one.get(60, TimeUnit.SECONDS)).isInstanceOf(SchemaLookup.Unavailable.class);
    }
  }

  @Test
  void shouldAskOnceForAnIdThatManyLookUpAtTheSameTime() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    registry =
        _ -> {
          asked.countDown();
          await(answer);
          return STRING;
        };
    try (RegistryClient client = client()) {
      CompletableFuture<SchemaLookup> first =
          CompletableFuture.supplyAsync(() -> client.lookup(KNOWN));
      await(asked);
      CompletableFuture<SchemaLookup> second = new CompletableFuture<>();
      Thread waiting = Thread.ofPlatform().start(() -> second.complete(client.lookup(KNOWN)));
      for (int i = 0; i < 6_000 && !waits(waiting); i++) {
        Thread.sleep(10);
      }
      assertThat(waits(waiting)).as("the second waits for the first").isTrue();
      answer.countDown();

      assertThat(second.get(60, TimeUnit.SECONDS)).isSameAs(first.get(60, TimeUnit.SECONDS));
    }
    assertThat(calls).hasValue(1);
  }

  @Test
  void shouldAskAgainAfterALookupThatBrokeOff() {
    registry = RegistryOutageTest::nobody;
    try (RegistryClient client = client()) {
      client.lookup(id(1));
      nanos += Outage.PAUSE.toNanos() + 1;
      registry =
          _ -> {
            throw new IllegalStateException("a fault of ours");
          };
      assertThat(catchThrowable(() -> client.lookup(id(1))))
          .isInstanceOf(IllegalStateException.class);
      registry = _ -> STRING;
      assertThat(client.lookup(id(1))).isInstanceOf(SchemaLookup.Found.class);
    }
  }

  private static boolean waits(Thread thread) {
    return thread.getState() == Thread.State.WAITING
        || thread.getState() == Thread.State.TIMED_WAITING;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
