package dev.millrace.operations.cluster;

import dev.millrace.operations.cluster.PartitionEnds.Ends;
import dev.millrace.operations.cluster.PartitionEnds.Partition;
import dev.millrace.operations.config.TopicSelection;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the partitions that hang: the last stable offset stays below the end, and at the same
 * place, for longer than a transaction may last. Tells the log when one begins to hang and when
 * that is over. Thread-safe: one thread looks, any may ask.
 */
public final class HangingPartitions {
  private static final Logger LOG = LoggerFactory.getLogger(HangingPartitions.class);
  private static final String ADVICE = "see docs/failures.md#hanging-transactions";

  /** A partition whose last stable offset was below its end when last seen. */
  private static final class Track {
    private final long stable;
    private final Instant since;
    private long seenNanos;
    private long stoodNanos;
    private boolean missed;
    private boolean hangs;

    Track(long stable, Instant since, long nowNanos) {
      this.stable = stable;
      this.since = since;
      this.seenNanos = nowNanos;
    }
  }

  private record Hanging(Partition partition, Ends ends, Duration stood) {}

  private final Duration threshold;
  private final Function<String, String> consequence;
  private final LongSupplier nanoClock;
  private final InstantSource clock;
  private final Map<Partition, Track> tracks = new HashMap<>();

  /** What the latest look found, for other threads. */
  private volatile List<Hanging> hanging = List.of();

  /**
   * Has seen nothing yet.
   *
   * @param threshold how long a last stable offset may stand still; above what any transaction of
   *     these topics may last
   * @param consequence by topic, what it means if one of its partitions hangs; part of a sentence
   */
  public HangingPartitions(
      Duration threshold,
      Function<String, String> consequence,
      LongSupplier nanoClock,
      InstantSource clock) {
    this.threshold = threshold;
    this.consequence = consequence;
    this.nanoClock = nanoClock;
    this.clock = clock;
  }

  /** Takes in what a look found. */
  public void look(PartitionEnds found) {
    long now = nanoClock.getAsLong();
    tracks
        .entrySet()
        .removeIf(entry -> {
          Partition partition = entry.getKey();
          boolean gone =
              !found.known().containsKey(partition) && !found.silent().contains(partition);
          if (gone && entry.getValue().hangs) {
            LOG.info("partition {}, which hung, is no longer there", partition);
          }
          return gone;
        });
    for (Partition partition : found.silent()) {
      Track track = tracks.get(partition);
      if (track != null) {
        track.missed = true;
      }
    }
    List<Hanging> all = new ArrayList<>();
    found
        .known()
        .forEach((partition, ends) -> {
          Track track = track(partition, ends, now);
          if (track != null && track.hangs) {
            all.add(new Hanging(partition, ends, Duration.ofNanos(track.stoodNanos)));
          }
        });
    // One that hung and does not answer is not known to be well.
    for (Hanging before : hanging) {
      if (found.silent().contains(before.partition())) {
        all.add(before);
      }
    }
    all.sort(
        Comparator.comparing((Hanging each) -> each.partition().topic())
            .thenComparingInt(each -> each.partition().number()));
    hanging = List.copyOf(all);
  }

  /**
   * Says that a look found out nothing. What hung counts as hanging still, but the time until the
   * next look does not count: while nobody answers, no transaction can come to its end either.
   */
  public void lookFailed() {
    tracks.values().forEach(track -> track.missed = true);
  }

  /** Follows one partition; null if all that is in it can be read. */
  private @Nullable Track track(Partition partition, Ends ends, long now) {
    Track track = tracks.get(partition);
    if (track != null && (track.stable != ends.stable() || !ends.isOpen())) {
      tracks.remove(partition);
      if (track.hangs) {
        LOG.info(
            "partition {} moves again: its last stable offset is {}, after {} for {} s",
            partition,
            ends.stable(),
            track.stable,
            Duration.ofNanos(track.stoodNanos).toSeconds());
      }
      track = null;
    }
    if (!ends.isOpen()) {
      return null;
    }
    if (track == null) {
      track = new Track(ends.stable(), clock.instant(), now);
      tracks.put(partition, track);
    }
    if (!track.missed) {
      track.stoodNanos += now - track.seenNanos;
    }
    track.missed = false;
    track.seenNanos = now;
    if (!track.hangs && track.stoodNanos >= threshold.toNanos()) {
      track.hangs = true;
      LOG.warn(
          "{} (seen first at {}): {}; {}",
          describe(partition, ends, Duration.ofNanos(track.stoodNanos)),
          track.since.truncatedTo(ChronoUnit.SECONDS),
          consequence.apply(partition.topic()),
          ADVICE);
    }
    return track;
  }

  private static String describe(Partition partition, Ends ends, Duration stood) {
    return String.format(
        Locale.ROOT,
        "partition %s hangs: its last stable offset has been %d for %d s, its end is %d",
        partition,
        ends.stable(),
        stood.toSeconds(),
        ends.end());
  }

  /** One line for each partition that hangs. */
  public List<String> notes() {
    return hanging.stream()
        .map(each ->
            "%s: %s; %s"
                .formatted(
                    describe(each.partition(), each.ends(), each.stood()),
                    consequence.apply(each.partition().topic()),
                    ADVICE))
        .toList();
  }

  /** Partitions of topics that hang. */
  public long count(TopicSelection topics) {
    return hanging.stream().filter(each -> topics.contains(each.partition().topic())).count();
  }

  /** For how many seconds the one of the partitions that hangs longest has; 0 if none. */
  public double longestSeconds(TopicSelection topics) {
    return hanging.stream()
        .filter(each -> topics.contains(each.partition().topic()))
        .mapToDouble(each -> each.stood().toMillis() / 1000.0)
        .max()
        .orElse(0);
  }
}
