package dev.millrace.flink;

import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Writes outcomes to the topics that they name. */
final class OutcomeWriter implements KafkaRecordSerializationSchema<EncodedOutcome> {

  @Override
  public ProducerRecord<byte[], byte[]> serialize(
      EncodedOutcome outcome, KafkaSinkContext context, Long eventTime) {
    return new ProducerRecord<>(
        outcome.topic(),
        null,
        outcome.timestamp(),
        outcome.key(),
        outcome.value(),
        outcome.headers());
  }
}
