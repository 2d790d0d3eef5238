package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.FaultMatrix;
import dev.millrace.faults.RowResult;
import dev.millrace.servers.LocalBroker;
import dev.millrace.servers.ServerOptions;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The fault matrix: the real application with a scripted enricher, killed, frozen, stopped, scaled
 * and cut off while documents flow, and its broker as well. Each document has exactly one outcome
 * all the same, in the order of its key, and no innocent one is condemned.
 *
 * <p>{@code -Dmillrace.faults.rows}, {@code .seed}, {@code .rounds} and {@code .parallel} choose
 * what is played, {@code .broker} a broker of {@code integration-tests/brokers}.
 */
class FaultsIT {
  private static final long SEED =
      Long.getLong("millrace.faults.seed", new SecureRandom().nextInt(Integer.MAX_VALUE));
  private static final Path DIRECTORY =
      StreamHarness.root().resolve("integration-tests/target/faults");

  /** Two rows at once are five to eight virtual machines: on two processors brokers fall silent. */
  private static final int AT_ONCE = Integer.getInteger("millrace.faults.parallel", 1);

  private static final Map<String, Future<RowResult>> RESULTS = new LinkedHashMap<>();

  private static ExecutorService threads;

  static List<String> rows() {
    String chosen = System.getProperty("millrace.faults.rows", "");
    if (!chosen.isEmpty()) {
      return List.of(chosen.split(","));
    }
    return isFull() ? FaultMatrix.allRows() : FaultMatrix.mainRows();
  }

  private static boolean isFull() {
    return Boolean.getBoolean("millrace.full");
  }

  /** One round shows it at each commit; as many as a row has are for a night. */
  private static Optional<Integer> rounds() {
    return isFull()
        ? Optional.ofNullable(Integer.getInteger("millrace.faults.rounds"))
        : Optional.of(Integer.getInteger("millrace.faults.rounds", 1));
  }

  @BeforeAll
  static void play() {
    threads =
        Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().daemon().name("fault-", 0).factory());
    FaultMatrix matrix = new FaultMatrix(DIRECTORY, broker(), System.out::println);
    for (String row : rows()) {
      RESULTS.put(row, threads.submit(() -> matrix.play(row, SEED, rounds())));
    }
  }

  /** Of the build, or of another version. */
  private static ServerOptions broker() {
    String version = System.getProperty("millrace.faults.broker", "");
    return version.isEmpty()
        ? LocalBroker.options()
        : LocalBroker.options()
            .withHome(
                StreamHarness.root().resolve("integration-tests/brokers/" + version + "/target"));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void shouldGiveEachDocumentExactlyOneOutcome(String row) throws Exception {
    RowResult result = Objects.requireNonNull(RESULTS.get(row), row).get();

    assertThat(result.problems()).as("seed %d, logs in %s", SEED, result.directory()).isEmpty();
    assertThat(result.documents()).isPositive();
    assertThat(result.recoveries()).hasSizeLessThanOrEqualTo(result.faults());
  }

  @AfterAll
  static void printTable() {
    threads.shutdownNow();
    FaultMatrix.table(
            RESULTS.values().stream()
                .filter(future -> future.state() == Future.State.SUCCESS)
                .map(Future::resultNow)
                .toList())
        .forEach(System.out::println);
  }
}
