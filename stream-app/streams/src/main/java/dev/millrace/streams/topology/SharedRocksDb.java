package dev.millrace.streams.topology;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.WriteBufferManager;

/**
 * One cache and one limit of write buffers for all stores of the process: without it each partition
 * would take a hundred megabytes outside the heap. Called by stream threads; thread-safe because
 * RocksDB's cache and buffer manager are.
 */
public final class SharedRocksDb implements RocksDBConfigSetter {
  private static final long CACHE_BYTES = 64L << 20;
  private static final long WRITE_BUFFERS_BYTES = 32L << 20;
  private static final long WRITE_BUFFER_BYTES = 4L << 20;
  private static final int WRITE_BUFFERS_MAX = 2;
  private static final int BLOOM_BITS = 10;

  /** Kept for the life of the process. */
  private static final class Shared {
    static final Cache CACHE = new LRUCache(CACHE_BYTES);
    static final WriteBufferManager BUFFERS = new WriteBufferManager(WRITE_BUFFERS_BYTES, CACHE);
    static final BloomFilter FILTER = new BloomFilter(BLOOM_BITS);
  }

  @Override
  public void setConfig(String storeName, Options options, Map<String, Object> configs) {
    options.setWriteBufferManager(Shared.BUFFERS);
    options.setWriteBufferSize(WRITE_BUFFER_BYTES);
    options.setMaxWriteBufferNumber(WRITE_BUFFERS_MAX);
    // Its own instance: Kafka Streams reads the cache's metrics from it.
    BlockBasedTableConfig table = (BlockBasedTableConfig) options.tableFormatConfig();
    table.setBlockCache(Shared.CACHE);
    table.setCacheIndexAndFilterBlocks(true);
    table.setFilterPolicy(Shared.FILTER);
    options.setTableFormatConfig(table);
  }

  /** Closes nothing: the shared parts outlive the store. */
  @Override
  public void close(String storeName, Options options) {}
}
