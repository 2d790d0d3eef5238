package dev.millrace.operations.cluster;

import java.util.Map;
import java.util.Set;

/**
 * Where partitions end, as one look found it. A partition in neither collection is not there.
 * Immutable.
 *
 * @param known partitions that answered
 * @param silent partitions that are there, but gave no answer, for instance for want of a leader
 */
public record PartitionEnds(Map<Partition, Ends> known, Set<Partition> silent) {

  /** Copies the collections. */
  public PartitionEnds {
    known = Map.copyOf(known);
    silent = Set.copyOf(silent);
  }

  /**
   * One partition.
   *
   * @param topic its topic
   * @param number from 0
   */
  public record Partition(String topic, int number) {
    /** As Kafka writes it, such as {@code documents-0}. */
    @Override
    public String toString() {
      return topic + "-" + number;
    }
  }

  /**
   * Both ends of a partition.
   *
   * @param stable last stable offset: a consumer of committed records reads below it only
   * @param end offset behind the last record that is replicated, committed or not
   */
  public record Ends(long stable, long end) {
    /** Whether a consumer of committed records cannot read all that is there. */
    boolean isOpen() {
      return stable < end;
    }
  }
}
