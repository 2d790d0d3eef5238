package dev.millrace.streams.store;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Makes stores on disk that notice damage. Immutable; opens nothing. */
public final class CheckedStoreSupplier implements KeyValueBytesStoreSupplier {
  private final KeyValueBytesStoreSupplier disk;

  /** Makes stores of that name. */
  public CheckedStoreSupplier(String name) {
    this.disk = Stores.persistentKeyValueStore(name);
  }

  @Override
  public String name() {
    return disk.name();
  }

  @Override
  public KeyValueStore<Bytes, byte[]> get() {
    return new CheckedStore(disk.get());
  }

  @Override
  public String metricsScope() {
    return disk.metricsScope();
  }
}
