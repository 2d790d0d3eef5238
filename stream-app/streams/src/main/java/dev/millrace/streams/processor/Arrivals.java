package dev.millrace.streams.processor;

import dev.millrace.operations.config.TopicSelection;
import dev.millrace.records.SourcePosition;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;

/**
 * Says of each record that arrives whether it is taken: not if it was taken before, nor if its
 * topic is another than the one that was read before. Owned by the stream thread.
 */
final class Arrivals {
  private final TopicSelection documents;
  private final EnrichmentServices services;
  private final TakenMarks marks;
  private final PendingStore store;

  /** By topic, the offset behind the record that was skipped last. */
  private final Map<String, Long> skippedNext = new TreeMap<>();

  /** Compares the topics with those that earlier runs have read; borrows everything. */
  Arrivals(
      TopicSelection documents, EnrichmentServices services, TakenMarks marks, PendingStore store) {
    this.documents = documents;
    this.services = services;
    this.marks = marks;
    this.store = store;
    marks.compare(this::replaced);
  }

  /**
   * Whether it is taken; it is marked as such then.
   *
   * @param epoch of the leader that wrote the record, {@link TakenMark#UNKNOWN_EPOCH} if unknown
   * @throws IllegalStateException if it is another record than the one that is pending at its
   *     position
   */
  boolean take(PendingId id, int epoch) {
    SourcePosition position = id.position();
    if (services.intake().isClosed(position.topic()) || skips(position, epoch)) {
      return false;
    }
    if (marks.taken(position, epoch) && store.hasBehind(id)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "the log of the input was cut and written again at %s while %d documents that were"
                  + " read from it before are pending: set the offsets of the group behind it,"
                  + " let the application finish them, and set the offsets back",
              position,
              store.size()));
    }
    return true;
  }

  /** A topic that was made again is read from its beginning, too, and then nothing is skipped. */
  private boolean skips(SourcePosition position, int epoch) {
    long behind = marks.skips(position, epoch);
    if (behind == 0) {
      return false;
    }
    // Gaps are the markers of transactions; only a step back can be another topic.
    if (position.offset() < skippedNext.getOrDefault(position.topic(), Long.MAX_VALUE)) {
      services.intake().doubt();
    }
    skippedNext.put(position.topic(), position.offset() + 1);
    if (!services.intake().isClosed(position.topic())) {
      services.monitor().takenBefore(position, behind);
    }
    return true;
  }

  /** What belongs to another topic of the same name is not taken: its offsets mean others. */
  private void replaced(String topic, Uuid before) {
    if (documents.contains(topic)) {
      services.intake().close(topic);
    }
    services.monitor().topicReplaced(topic, before);
  }
}
