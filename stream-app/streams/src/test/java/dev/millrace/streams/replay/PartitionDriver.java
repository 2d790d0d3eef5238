package dev.millrace.streams.replay;

import dev.millrace.streams.processor.EnrichmentProcessorSupplier;
import dev.millrace.streams.topology.EnrichmentTopology;
import dev.millrace.streams.topology.SharedRocksDb;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.TimestampExtractor;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.test.TestRecord;

/**
 * The topology for one partition of the input topic, in Kafka's test driver. The driver knows no
 * partition but 0, so that the processor is told of another one here.
 */
final class PartitionDriver implements AutoCloseable {
  private final TopologyTestDriver driver;
  private final TestInputTopic<byte[], byte[]> input;

  PartitionDriver(
      Path stateDirectory,
      int partition,
      EnrichmentProcessorSupplier supplier,
      TimestampExtractor timestamps) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "replay");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
    properties.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SharedRocksDb.class);
    driver =
        new TopologyTestDriver(
            EnrichmentTopology.build(
                List.of(
                    new EnrichmentTopology.Part(
                        ReplayNode.NAMES,
                        ReplayNode.TOPICS,
                        new OfPartition(supplier, partition),
                        timestamps)),
                properties),
            properties,
            Instant.ofEpochMilli(1_000_000));
    input =
        driver.createInputTopic(
            ReplayNode.DOCUMENTS, new ByteArraySerializer(), new ByteArraySerializer());
  }

  void send(Input record) {
    input.pipeInput(
        new TestRecord<>(
            record.key(),
            record.value(),
            record.headers(),
            Instant.ofEpochMilli(record.timestamp())));
  }

  /** Lets the processor look for answers; what it has written since the last call. */
  List<Output> outputs() {
    driver.advanceWallClockTime(Duration.ofMillis(10));
    List<Output> outputs = new ArrayList<>();
    for (String topic : ReplayNode.TOPICS.outputs().all()) {
      driver
          .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
          .readRecordsToList()
          .forEach(record ->
              outputs.add(
                  new Output(
                      topic, record.key(), record.headers(), record.value(), record.timestamp())));
    }
    return outputs;
  }

  @Override
  public void close() {
    driver.close();
  }

  private record OfPartition(EnrichmentProcessorSupplier supplier, int partition)
      implements ProcessorSupplier<byte[], byte[], byte[], byte[]> {

    @Override
    public Processor<byte[], byte[], byte[], byte[]> get() {
      Processor<byte[], byte[], byte[], byte[]> processor = supplier.get();
      return new Processor<>() {
        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
          processor.init(moved(context));
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
          processor.process(record);
        }

        @Override
        public void close() {
          processor.close();
        }
      };
    }

    @Override
    public Set<StoreBuilder<?>> stores() {
      return supplier.stores();
    }

    @SuppressWarnings("unchecked")
    private ProcessorContext<byte[], byte[]> moved(ProcessorContext<byte[], byte[]> context) {
      return (ProcessorContext<byte[], byte[]>)
          Proxy.newProxyInstance(
              ProcessorContext.class.getClassLoader(),
              new Class<?>[] {ProcessorContext.class},
              (_, method, arguments) -> {
                if (method.getName().equals("recordMetadata")) {
                  return context.recordMetadata().map(this::moved);
                }
                try {
                  return method.invoke(context, arguments);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
    }

    private RecordMetadata moved(RecordMetadata from) {
      return new RecordMetadata() {
        @Override
        public String topic() {
          return from.topic();
        }

        @Override
        public int partition() {
          return partition;
        }

        @Override
        public long offset() {
          return from.offset();
        }
      };
    }
  }
}
