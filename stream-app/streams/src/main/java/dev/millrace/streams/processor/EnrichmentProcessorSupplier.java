package dev.millrace.streams.processor;

import dev.millrace.streams.store.CheckedStoreSupplier;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;

/**
 * Makes a processor for each stream task, and its store. Immutable; called more often than there
 * are tasks, so it opens nothing.
 */
public final class EnrichmentProcessorSupplier
    implements ProcessorSupplier<byte[], byte[], byte[], byte[]> {
  private final ProcessorOptions options;
  private final EnrichmentServices services;
  private final Map<String, String> changelogTopic;

  /**
   * @param changelogTopic settings of the changelog topic of the pending store
   */
  public EnrichmentProcessorSupplier(
      ProcessorOptions options, EnrichmentServices services, Map<String, String> changelogTopic) {
    this.options = options;
    this.services = services;
    this.changelogTopic = Map.copyOf(changelogTopic);
  }

  @Override
  public Processor<byte[], byte[], byte[], byte[]> get() {
    return new EnrichmentProcessor(options, services);
  }

  @Override
  public Set<StoreBuilder<?>> stores() {
    return Set.of(
        Stores.keyValueStoreBuilder(
                new CheckedStoreSupplier(options.names().store()),
                Serdes.ByteArray(),
                Serdes.ByteArray())
            .withLoggingEnabled(changelogTopic)
            .withCachingDisabled());
  }
}
