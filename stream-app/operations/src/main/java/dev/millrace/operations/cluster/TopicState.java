package dev.millrace.operations.cluster;

import org.apache.kafka.common.Uuid;

/**
 * A topic as it is now.
 *
 * @param id tells it from one of the same name that was there before
 * @param partitions how many it has
 */
public record TopicState(Uuid id, int partitions) {}
