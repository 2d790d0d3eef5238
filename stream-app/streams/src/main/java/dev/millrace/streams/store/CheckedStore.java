package dev.millrace.streams.store;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskCorruptedException;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.query.PositionBound;
import org.apache.kafka.streams.query.Query;
import org.apache.kafka.streams.query.QueryConfig;
import org.apache.kafka.streams.query.QueryResult;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store on disk that notices when the disk has other bytes than were written. It says so in the
 * way that has Kafka Streams delete the copy and restore it from the changelog, which has all of
 * it. Owned by the stream thread, as every store.
 */
final class CheckedStore implements KeyValueStore<Bytes, byte[]> {
  private static final Logger LOG = LoggerFactory.getLogger(CheckedStore.class);

  private final KeyValueStore<Bytes, byte[]> disk;
  private @Nullable TaskId task;
  private @Nullable Seal seal;

  CheckedStore(KeyValueStore<Bytes, byte[]> disk) {
    this.disk = disk;
  }

  @Override
  public String name() {
    return disk.name();
  }

  @Override
  public void init(StateStoreContext context, StateStore root) {
    task = context.taskId();
    // Where Kafka Streams has it.
    seal = new Seal(context.stateDir().toPath().resolve("rocksdb").resolve(name()));
    open(seal);
    checked(() -> {
      disk.init(context, root);
      return true;
    });
  }

  /** Takes the seal away if it is whole. */
  private void open(Seal found) {
    try {
      if (!found.hasStore()) {
        return;
      }
      String damage = found.isThere() ? found.damage() : "it was not closed in good order";
      if (!damage.isEmpty()) {
        throw damaged(new ProcessorStateException(damage));
      }
      found.take();
    } catch (IOException e) {
      throw new ProcessorStateException(
          "cannot read the state of stream task %s: %s".formatted(task, e), e);
    }
  }

  private <T extends @Nullable Object> T checked(Supplier<T> operation) {
    try {
      return operation.get();
    } catch (ProcessorStateException e) {
      if (isDamage(e)) {
        throw damaged(e);
      }
      throw e;
    }
  }

  /** A full disk, or one that cannot be written to, is none: its files are right. */
  private static boolean isDamage(ProcessorStateException e) {
    if (!(e.getCause() instanceof RocksDBException cause) || cause.getStatus() == null) {
      return false;
    }
    return switch (cause.getStatus().getCode()) {
      case Corruption, InvalidArgument, NotFound, NotSupported -> true;
      case IOError -> cause.getStatus().getSubCode() == Status.SubCode.None && isMissing(cause);
      default -> false;
    };
  }

  /** A file that another one names. */
  private static boolean isMissing(RocksDBException cause) {
    return cause.getMessage() != null && cause.getMessage().contains("No such file");
  }

  private TaskCorruptedException damaged(ProcessorStateException fault) {
    TaskId owner = task;
    if (owner == null) {
      throw fault;
    }
    LOG.warn(
        "the disk's copy of the pending documents of stream task {} is not used, but restored from"
            + " the changelog: {}",
        owner,
        fault.getCause() == null ? fault.getMessage() : fault.getCause().getMessage());
    return new TaskCorruptedException(Set.of(owner), fault);
  }

  @Override
  public void put(Bytes key, byte[] value) {
    checked(() -> {
      disk.put(key, value);
      return true;
    });
  }

  @Override
  public byte[] putIfAbsent(Bytes key, byte[] value) {
    return checked(() -> disk.putIfAbsent(key, value));
  }

  @Override
  public void putAll(List<KeyValue<Bytes, byte[]>> entries) {
    checked(() -> {
      disk.putAll(entries);
      return true;
    });
  }

  @Override
  public byte[] delete(Bytes key) {
    return checked(() -> disk.delete(key));
  }

  @Override
  public byte[] get(Bytes key) {
    return checked(() -> disk.get(key));
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
    return checked(() -> disk.range(from, to));
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> reverseRange(Bytes from, Bytes to) {
    return checked(() -> disk.reverseRange(from, to));
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> all() {
    return checked(disk::all);
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> reverseAll() {
    return checked(disk::reverseAll);
  }

  @Override
  public <S extends Serializer<P>, P> KeyValueIterator<Bytes, byte[]> prefixScan(
      P prefix, S serializer) {
    return checked(() -> disk.prefixScan(prefix, serializer));
  }

  @Override
  public long approximateNumEntries() {
    return checked(disk::approximateNumEntries);
  }

  @Override
  @SuppressWarnings("deprecation") // Kafka Streams itself still calls it.
  public void flush() {
    checked(() -> {
      disk.flush();
      return true;
    });
  }

  @Override
  public void commit(Map<TopicPartition, Long> changelogOffsets) {
    checked(() -> {
      disk.commit(changelogOffsets);
      return true;
    });
  }

  @Override
  @SuppressWarnings("deprecation") // It is asked by Kafka Streams, which will cease to.
  public boolean managesOffsets() {
    return disk.managesOffsets();
  }

  @Override
  public @Nullable Long committedOffset(TopicPartition partition) {
    return checked(() -> disk.committedOffset(partition));
  }

  @Override
  public void close() {
    boolean open = disk.isOpen();
    disk.close();
    if (!open || seal == null) {
      return;
    }
    try {
      seal.put();
    } catch (IOException e) {
      // Without it the store is restored, which takes longer.
      LOG.debug("the store of stream task {} is not sealed", task, e);
    }
  }

  @Override
  public boolean persistent() {
    return disk.persistent();
  }

  @Override
  public boolean isOpen() {
    return disk.isOpen();
  }

  @Override
  public <R> QueryResult<R> query(Query<R> query, PositionBound bound, QueryConfig config) {
    return disk.query(query, bound, config);
  }

  @Override
  public Position getPosition() {
    return disk.getPosition();
  }
}
