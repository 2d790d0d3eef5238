package dev.millrace.operations;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/**
 * All tests of this module, and so those of what it is made of (records, enrichment), run on a
 * class path without Kafka Streams: whatever moves the records may use them.
 */
class WithoutKafkaStreamsTest {

  @Test
  void shouldHaveNoKafkaStreamsOnTheClassPath() {
    assertThatThrownBy(() -> Class.forName("org.apache.kafka.streams.KafkaStreams"))
        .isInstanceOf(ClassNotFoundException.class);
  }
}
