package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine's commands are built and tested on a class path without any Kafka, Avro or logback.
 */
class WithoutKafkaTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "org.apache.kafka.common.header.Headers",
        "org.apache.kafka.streams.KafkaStreams",
        "org.apache.avro.Schema",
        "ch.qos.logback.classic.Logger"
      })
  void shouldNotFind(String type) {
    assertThatThrownBy(() -> Class.forName(type)).isInstanceOf(ClassNotFoundException.class);
  }
}
