package dev.millrace.flink;

import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Takes records as they are: what they hold is found out where it can be answered. */
final class SourceReader implements KafkaRecordDeserializationSchema<SourceRecord> {

  @Override
  public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<SourceRecord> out) {
    out.collect(
        new SourceRecord(
            new SourcePosition(record.topic(), record.partition(), record.offset()),
            Math.max(0, record.timestamp()),
            record.key(),
            record.headers(),
            record.value()));
  }

  @Override
  public TypeInformation<SourceRecord> getProducedType() {
    return JobTypes.SOURCE;
  }
}
