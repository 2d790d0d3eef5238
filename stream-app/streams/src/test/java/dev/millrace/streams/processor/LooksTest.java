package dev.millrace.streams.processor;

import static dev.millrace.streams.processor.ProcessorHarness.TOPICS;
import static dev.millrace.streams.processor.ProcessorHarness.options;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.Decoded;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each look makes Kafka Streams commit: how often the processor looks. */
class LooksTest {
  @TempDir private Path stateDir;
  private @Nullable ProcessorHarness opened;

  private ProcessorHarness open() {
    ProcessorHarness harness =
        new ProcessorHarness(stateDir, options(), new Permits(1000, 1 << 20));
    opened = harness;
    return harness;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private static int looksDuring(ProcessorHarness app, Duration time) {
    int before = app.looks();
    for (long passed = 0; passed < time.toMillis(); passed += 10) {
      app.tick();
    }
    return app.looks() - before;
  }

  @Test
  void shouldNotLookWhileNothingIsPending() {
    ProcessorHarness app = open();
    app.send("k", "a");
    app.enricher.enrich("a");
    app.tick();

    assertThat(looksDuring(app, Duration.ofSeconds(1))).isZero();
  }

  @Test
  void shouldLookAtEachTickWhileAnAnswerIsExpected() {
    ProcessorHarness app = open();
    app.send("k", "a");

    assertThat(looksDuring(app, Duration.ofSeconds(1))).isEqualTo(100);
  }

  /** Back-off 100 ms to 10 s: in a long outage, one or two looks for each attempt. */
  @Test
  void shouldLookOnlyWhenABackOffIsOver() {
    ProcessorHarness app = open();
    app.undecodable.put("a", Decoded.unavailable("refused"));
    app.undecodable.put("b", Decoded.unavailable("refused"));
    app.send("k", "a");
    app.send("k", "b");
    looksDuring(app, Duration.ofSeconds(30));
    int attempts = app.events.retries.size();

    int looks = looksDuring(app, Duration.ofSeconds(60));

    attempts = app.events.retries.size() - attempts;
    assertThat(attempts).as("still tried").isGreaterThanOrEqualTo(10);
    assertThat(looks).as("of 6000 ticks").isLessThanOrEqualTo(3 * attempts);
  }

  @Test
  void shouldLookOftenAgainWhenADocumentComesThatCanBeEnriched() {
    ProcessorHarness app = open();
    app.undecodable.put("a", Decoded.unavailable("refused"));
    app.send("k", "a");
    looksDuring(app, Duration.ofSeconds(20));

    app.send("k", "b");
    app.enricher.enrich("b");
    app.tick();

    assertThat(app.values(TOPICS.outputs().enriched())).containsExactly("summary of b");
  }
}
