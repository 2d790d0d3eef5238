package dev.millrace.flink;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.SourceRecord;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ExternalizedCheckpointRetention;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.KafkaSourceBuilder;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;

/**
 * Lays out the job: for each input a source and the enrichment, then one sink for all outcomes,
 * whose transactions commit with the checkpoint that holds the sources' offsets and the documents
 * in work.
 */
final class EnrichmentJob {
  /** The function's own deadline counts: Flink's would fail the job. */
  private static final long NO_TIMEOUT = 0;

  private final JobConfig job;
  private final Config config;
  private final Parts.Opener opener;

  EnrichmentJob(JobConfig job, Parts.Opener opener) {
    this.job = job;
    this.config = job.parse();
    this.opener = opener;
  }

  /** What the job asks of the environment; a cluster's own settings stay as they are. */
  Configuration settings() {
    Configuration settings = new Configuration();
    settings.set(
        CheckpointingOptions.CHECKPOINTING_CONSISTENCY_MODE, CheckpointingMode.EXACTLY_ONCE);
    settings.set(
        CheckpointingOptions.CHECKPOINTING_INTERVAL, config.get(FlinkKeys.CHECKPOINT_INTERVAL));
    settings.set(
        CheckpointingOptions.EXTERNALIZED_CHECKPOINT_RETENTION,
        ExternalizedCheckpointRetention.RETAIN_ON_CANCELLATION);
    String directory = config.get(FlinkKeys.CHECKPOINT_DIR);
    if (!directory.isEmpty()) {
      settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory);
    }
    settings.set(PipelineOptions.GENERIC_TYPES, false);
    return settings;
  }

  /** Adds the job to an environment. */
  void addTo(StreamExecutionEnvironment environment) {
    environment.configure(settings());
    int parallelism = config.get(FlinkKeys.PARALLELISM);
    if (parallelism > 0) {
      environment.setParallelism(parallelism);
    }
    DataStream<EncodedOutcome> outcomes = null;
    for (Input input : Input.all(config)) {
      DataStream<EncodedOutcome> enriched = enriched(environment, input);
      outcomes = outcomes == null ? enriched : outcomes.union(enriched);
    }
    if (outcomes == null) {
      throw new IllegalStateException("a configuration has at least one input");
    }
    outcomes.sinkTo(sink()).name("outcomes").uid("outcomes");
  }

  private DataStream<EncodedOutcome> enriched(StreamExecutionEnvironment environment, Input input) {
    String name = input.name();
    DataStream<SourceRecord> documents =
        environment
            .fromSource(source(input), WatermarkStrategy.noWatermarks(), "documents " + name)
            .uid("documents-" + name);
    EnrichFunction function = new EnrichFunction(job, name, opener);
    int capacity = config.get(FlinkKeys.CAPACITY);
    return (!FlinkSpec.keepsOrder(config)
            ? AsyncDataStream.unorderedWait(
                documents, function, NO_TIMEOUT, TimeUnit.MILLISECONDS, capacity)
            : AsyncDataStream.orderedWait(
                documents, function, NO_TIMEOUT, TimeUnit.MILLISECONDS, capacity))
        .returns(JobTypes.OUTCOME)
        .name("enrich " + name)
        .uid("enrich-" + name);
  }

  // The connector's own method takes no other type.
  @SuppressWarnings("deprecation")
  private KafkaSource<SourceRecord> source(Input input) {
    Map<String, Object> consumer = KafkaClientProperties.consumer(config);
    // The connector opens an admin client with them, too, whose requests may take longer.
    consumer.remove(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG);
    KafkaSourceBuilder<SourceRecord> builder =
        KafkaSource.<SourceRecord>builder()
            .setGroupId(config.get(FlinkKeys.JOB))
            .setStartingOffsets(OffsetsInitializer.committedOffsets(OffsetResetStrategy.EARLIEST))
            .setDeserializer(new SourceReader())
            .setProperties(client(consumer));
    if (config.get(FlinkKeys.BOUNDED)) {
      builder.setBounded(OffsetsInitializer.latest());
    }
    switch (input.topics().documents()) {
      case TopicSelection.Named(String topic) -> builder.setTopics(topic);
      case TopicSelection.Matching topics -> builder.setTopicPattern(topics.pattern());
    }
    return builder.build();
  }

  private KafkaSink<EncodedOutcome> sink() {
    Properties properties = client(KafkaClientProperties.producer(config));
    properties.put(
        "transaction.timeout.ms",
        Long.toString(config.get(FlinkKeys.TRANSACTION_TIMEOUT).toMillis()));
    return KafkaSink.<EncodedOutcome>builder()
        .setBootstrapServers(properties.getProperty(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG))
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(config.get(FlinkKeys.JOB))
        .setTransactionNamingStrategy(TransactionNamingStrategy.INCREMENTING)
        .setRecordSerializer(new OutcomeWriter())
        .build();
  }

  /** As texts, without the (de)serializers, which the connector sets. */
  private static Properties client(Map<String, Object> settings) {
    Properties properties = new Properties();
    settings.forEach((name, value) -> {
      if (!(value instanceof Class<?>)) {
        properties.setProperty(name, String.valueOf(value));
      }
    });
    return properties;
  }
}
