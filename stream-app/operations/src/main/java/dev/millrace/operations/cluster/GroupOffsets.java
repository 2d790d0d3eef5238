package dev.millrace.operations.cluster;

import java.util.List;
import java.util.Map;

/**
 * The committed offsets of a group for a topic. Immutable.
 *
 * @param committed by partition; of those that have one
 * @param missing partitions that have none
 * @param ofStreams whether Kafka Streams committed one of them, not a tool: then an instance has
 *     run and has read something
 */
public record GroupOffsets(Map<Integer, Long> committed, List<Integer> missing, boolean ofStreams) {

  /** Copies the collections. */
  public GroupOffsets {
    committed = Map.copyOf(committed);
    missing = List.copyOf(missing);
  }

  /** Where a partition goes on; 0 if nothing is committed. */
  public long of(int partition) {
    return committed.getOrDefault(partition, 0L);
  }
}
