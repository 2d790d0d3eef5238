package dev.millrace.streams.processor;

import dev.millrace.records.SourcePosition;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Remembers how far a stream task has taken the documents of its input partitions, in the same
 * transactions as the documents themselves. Owned by the stream thread.
 *
 * <p>Documents are taken in the order of their offsets, so one number for each partition says which
 * were. It is written only when it cannot be told from what is pending: when the last document that
 * was taken leaves the store, which under load is seldom the one that was taken last.
 */
final class TakenMarks {

  /** The mark of a partition, as it is and as the store has it. */
  private static final class Entry {
    long next;
    int epoch;
    @Nullable TakenMark written;

    Entry(long next, int epoch) {
      this.next = next;
      this.epoch = epoch;
    }
  }

  private final KeyValueStore<byte[], byte[]> store;
  private final Intake intake;
  private final Set<String> names;
  private final Map<TakenMark.Partition, Entry> entries = new TreeMap<>();

  /**
   * Reads what earlier runs have left.
   *
   * @param intake borrowed
   * @param names of the topics whose ids are remembered beside those of the input partitions
   */
  TakenMarks(KeyValueStore<byte[], byte[]> store, Intake intake, Collection<String> names) {
    this.store = store;
    this.intake = intake;
    this.names = new TreeSet<>(names);
    try (KeyValueIterator<byte[], byte[]> marks =
        store.range(TakenMark.firstKey(), TakenMark.lastKey())) {
      while (marks.hasNext()) {
        KeyValue<byte[], byte[]> each = marks.next();
        TakenMark mark = TakenMark.of(each.value);
        Entry entry = new Entry(mark.next(), mark.epoch());
        entry.written = mark;
        entries.put(TakenMark.partition(each.key), entry);
      }
    }
  }

  /** A document that an earlier run has left pending was taken, too. */
  void pending(SourcePosition at) {
    Entry entry = entries.get(partition(at));
    if (entry == null) {
      // Left by a version without marks: what is behind it is not known to have been taken.
      return;
    }
    entry.next = Math.max(entry.next, at.offset() + 1);
  }

  /**
   * Tells which topics are others than those that documents were taken from, or put into, before.
   *
   * @param found takes the name, and the id that was remembered
   */
  void compare(BiConsumer<String, Uuid> found) {
    Map<String, Uuid> now = intake.topics();
    Map<String, Uuid> others = new TreeMap<>();
    for (Entry entry : entries.values()) {
      if (entry.written != null) {
        entry
            .written
            .topics()
            .forEach((name, id) -> {
              Uuid present = now.get(name);
              if (present != null && !present.equals(id)) {
                others.put(name, id);
              }
            });
      }
    }
    others.forEach(found);
  }

  /**
   * Offset behind the documents of a partition that were taken, if the one at {@code at} is among
   * them and is not to be taken again; otherwise 0.
   */
  long skips(SourcePosition at, int epoch) {
    Entry entry = entries.get(partition(at));
    if (entry == null || at.offset() >= entry.next || intake.again() || isAnother(entry, epoch)) {
      return 0;
    }
    return entry.next;
  }

  /** Whether a record below the mark cannot be the one that was taken: that had a lower epoch. */
  private static boolean isAnother(Entry entry, int epoch) {
    return epoch != TakenMark.UNKNOWN_EPOCH
        && entry.epoch != TakenMark.UNKNOWN_EPOCH
        && epoch > entry.epoch;
  }

  /**
   * A document is taken.
   *
   * @return whether its partition was cut and written again: it is another document than the one
   *     that was taken from there before
   */
  boolean taken(SourcePosition at, int epoch) {
    Entry entry = entries.computeIfAbsent(partition(at), _ -> new Entry(at.offset(), epoch));
    boolean cut = at.offset() < entry.next && isAnother(entry, epoch);
    if (cut || at.offset() >= entry.next) {
      entry.next = at.offset() + 1;
      entry.epoch = epoch;
    }
    TakenMark written = entry.written;
    if (cut
        || written == null
        || written.epoch() != entry.epoch
        || !written.topics().equals(ids(partition(at), written))) {
      write(partition(at), entry);
    }
    return cut;
  }

  /** What is remembered of a topic is kept: another id must be found at the next start, too. */
  private Map<String, Uuid> ids(TakenMark.Partition partition, @Nullable TakenMark written) {
    Map<String, Uuid> ids = new TreeMap<>(intake.topics());
    ids.keySet().removeIf(name -> !names.contains(name) && !name.equals(partition.topic()));
    if (written != null) {
      ids.putAll(written.topics());
    }
    return ids;
  }

  /** A document has its outcome and is not in the store, or not any more. */
  void left(SourcePosition at) {
    Entry entry = entries.get(partition(at));
    if (entry != null
        && at.offset() + 1 == entry.next
        && (entry.written == null || entry.written.next() < entry.next)) {
      write(partition(at), entry);
    }
  }

  private void write(TakenMark.Partition partition, Entry entry) {
    TakenMark mark = new TakenMark(entry.next, entry.epoch, ids(partition, entry.written));
    entry.written = mark;
    store.put(TakenMark.key(partition), mark.bytes());
  }

  private static TakenMark.Partition partition(SourcePosition at) {
    return new TakenMark.Partition(at.topic(), at.partition());
  }
}
