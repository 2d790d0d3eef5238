package dev.millrace.faults;

import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.KafkaClientProperties;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.SourcePosition;
import dev.millrace.streams.config.AppKeys;
import dev.millrace.streams.processor.PendingId;
import dev.millrace.streams.processor.PendingKeys;
import dev.millrace.streams.processor.TakenMark;
import dev.millrace.streams.topology.ApplicationTopics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Judges after a run whether each document has exactly one outcome. Reads everything again, with
 * committed records only. Used by one thread.
 */
public final class OutcomeChecker {
  private static final int SHOWN_MAX = 5;
  private static final Duration POLL = Duration.ofMillis(200);

  private final Config config;
  private final Input input;
  private final Set<SourcePosition> acknowledged;
  private final boolean ordered;

  /**
   * @param acknowledged positions that the producer was told were written
   * @param ordered whether outcomes of a key must keep the order of their documents
   */
  public OutcomeChecker(Config config, Set<SourcePosition> acknowledged, boolean ordered) {
    this(config, Input.all(config).getFirst(), acknowledged, ordered);
  }

  /**
   * Judges one of several inputs.
   *
   * @param input outcomes of others are passed over
   */
  public OutcomeChecker(
      Config config, Input input, Set<SourcePosition> acknowledged, boolean ordered) {
    this.config = config;
    this.input = input;
    this.acknowledged = Set.copyOf(acknowledged);
    this.ordered = ordered;
  }

  /**
   * What was found.
   *
   * @param outcomes committed records in the three output topics
   * @param lost documents without an outcome
   * @param duplicated documents with more than one
   * @param condemned dead letters that say a document ends the process, of documents that do not
   * @param problems one line each; empty if each document has exactly one outcome
   */
  public record Verdict(
      long outcomes, long lost, long duplicated, long condemned, List<String> problems) {
    /** Copies the lines. */
    public Verdict {
      problems = List.copyOf(problems);
    }
  }

  /** Reads the topics to their end and judges. */
  public Verdict check() {
    List<String> problems = new ArrayList<>();
    Map<SourcePosition, Written> written = written();
    Set<SourcePosition> seen = new HashSet<>();
    Set<SourcePosition> twice = new TreeSet<>();
    Set<SourcePosition> changed = new TreeSet<>();
    Set<SourcePosition> condemned = new TreeSet<>();
    Map<String, Long> latestOfKey = new HashMap<>();
    Set<String> unordered = new TreeSet<>();
    long[] outcomes = {0};
    for (String topic : outputs()) {
      readAll(
          topic,
          record -> {
            SourcePosition from = source(record);
            if (!input.topics().documents().contains(from.topic())) {
              return;
            }
            outcomes[0]++;
            if (!seen.add(from)) {
              twice.add(from);
            }
            Written document = written.get(from);
            if (document != null && !isOf(document, record)) {
              changed.add(from);
            }
            if (document != null && isCondemned(record) && !document.endsProcess()) {
              condemned.add(from);
            }
            if (ordered && record.key() != null && topic.equals(outputs().getFirst())) {
              String key =
                  from.topic()
                      + from.partition()
                      + new String(record.key(), StandardCharsets.UTF_8);
              Long before = latestOfKey.put(key, from.offset());
              if (before != null && before > from.offset()) {
                unordered.add(key);
              }
            }
          });
    }
    Set<SourcePosition> gone = new TreeSet<>(acknowledged);
    gone.removeAll(written.keySet());
    // Also what the producer was never told of: it is on the topic all the same.
    Set<SourcePosition> lost = new TreeSet<>(acknowledged);
    lost.addAll(written.keySet());
    lost.removeAll(seen);
    Set<SourcePosition> invented = new TreeSet<>(seen);
    invented.removeAll(acknowledged);
    invented.removeAll(written.keySet());
    add(problems, "gone: acknowledged, but no longer on the input topic", gone);
    add(problems, "lost: without an outcome", lost);
    add(problems, "duplicated: with two outcomes", twice);
    add(problems, "invented: an outcome of a document nobody produced", invented);
    add(problems, "out of order: keys", unordered);
    add(problems, "changed: key, headers or timestamp differ from the document's", changed);
    add(problems, "condemned: PROCESS_ENDED of a document that ends no process", condemned);
    checkChangelog(problems);
    checkOffsets(problems);
    return new Verdict(outcomes[0], lost.size(), twice.size(), condemned.size(), problems);
  }

  /** What of an input record an outcome has to show again. */
  private record Written(
      @Nullable String key, String headers, long timestamp, boolean endsProcess) {}

  private Map<SourcePosition, Written> written() {
    Map<SourcePosition, Written> written = new HashMap<>();
    for (String topic : documents()) {
      readAll(
          topic,
          record ->
              written.put(
                  new SourcePosition(topic, record.partition(), record.offset()),
                  new Written(
                      key(record),
                      headers(record),
                      record.timestamp(),
                      ScriptedEnricher.endsProcess(record.value()))));
    }
    return written;
  }

  private List<String> outputs() {
    return input.topics().outputs().all();
  }

  /** The input topics; of a pattern, those that documents were written to. */
  private Set<String> documents() {
    Set<String> written = new TreeSet<>();
    acknowledged.forEach(position -> written.add(position.topic()));
    return input.topics().documents().name().map(Set::of).orElse(written);
  }

  /**
   * Whether key, headers and timestamp of an outcome are those of its document. A dead letter has
   * the headers in its value, and a document without a key has its id for one.
   */
  private boolean isOf(Written document, ConsumerRecord<byte[], byte[]> record) {
    Header own = record.headers().lastHeader(RecordHeaderNames.SOURCE_TIMESTAMP);
    boolean asDocument = config.get(TopicKeys.TIMESTAMP) == OutcomeTimestamp.DOCUMENT;
    long timestamp =
        own == null || asDocument
            ? record.timestamp()
            : Long.parseLong(new String(own.value(), StandardCharsets.UTF_8));
    return timestamp == document.timestamp()
        && (document.key() == null || document.key().equals(key(record)))
        && (record.headers().lastHeader(RecordHeaderNames.REASON) != null
            || document.headers().equals(headers(record)));
  }

  private static boolean isCondemned(ConsumerRecord<byte[], byte[]> record) {
    Header reason = record.headers().lastHeader(RecordHeaderNames.REASON);
    return reason != null
        && new String(reason.value(), StandardCharsets.UTF_8)
            .equals(RejectReason.PROCESS_ENDED.name());
  }

  private static @Nullable String key(ConsumerRecord<byte[], byte[]> record) {
    return record.key() == null ? null : HexFormat.of().formatHex(record.key());
  }

  /** Those that are not the application's own, in their order. */
  private static String headers(ConsumerRecord<byte[], byte[]> record) {
    StringBuilder text = new StringBuilder();
    for (Header header : record.headers()) {
      if (!header.key().startsWith(RecordHeaderNames.PREFIX)) {
        byte[] value = header.value();
        text.append(header.key())
            .append('=')
            .append(value == null ? "null" : HexFormat.of().formatHex(value))
            .append(' ');
      }
    }
    return text.toString();
  }

  /** Folded to its last values, the changelog of the pending store is empty. */
  private void checkChangelog(List<String> problems) {
    PendingKeys keys = new PendingKeys(input.topics().documents());
    Set<PendingId> pending = new TreeSet<>();
    readAll(
        ApplicationTopics.changelog(config, input),
        record -> {
          if (TakenMark.isReserved(record.key())) {
            return;
          }
          PendingId id = keys.of(record.key());
          if (record.value() == null) {
            pending.remove(id);
          } else {
            pending.add(id);
          }
        });
    add(problems, "pending in the changelog", pending);
  }

  /** The committed offsets are the ends of the input. */
  private void checkOffsets(List<String> problems) {
    try (Admin admin = Admin.create(KafkaClientProperties.admin(config))) {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets(config.get(AppKeys.ID))
              .partitionsToOffsetAndMetadata()
              .get();
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      for (String topic : documents()) {
        partitions(topic).forEach(partition -> asked.put(partition, OffsetSpec.latest()));
      }
      for (var end : admin.listOffsets(asked).all().get().entrySet()) {
        OffsetAndMetadata offset = committed.get(end.getKey());
        long found = offset == null ? 0 : offset.offset();
        if (found != end.getValue().offset()) {
          problems.add(
              String.format(
                  Locale.ROOT,
                  "committed offset of %s is %d, its end is %d",
                  end.getKey(),
                  found,
                  end.getValue().offset()));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while reading offsets", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("cannot read offsets: " + e.getCause(), e);
    }
  }

  private List<TopicPartition> partitions(String topic) {
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      return consumer.partitionsFor(topic).stream()
          .map(info -> new TopicPartition(topic, info.partition()))
          .toList();
    }
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return new KafkaConsumer<>(KafkaClientProperties.consumer(config));
  }

  private void readAll(String topic, Consumer<ConsumerRecord<byte[], byte[]>> each) {
    List<TopicPartition> partitions = partitions(topic);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(POLL).forEach(each);
      }
    }
  }

  /** Where the document of an outcome was read, as the outcome's headers say. */
  public static SourcePosition source(ConsumerRecord<byte[], byte[]> record) {
    return new SourcePosition(
        header(record, RecordHeaderNames.SOURCE_TOPIC),
        Integer.parseInt(header(record, RecordHeaderNames.SOURCE_PARTITION)),
        Long.parseLong(header(record, RecordHeaderNames.SOURCE_OFFSET)));
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    if (header == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "record %d of %s-%d has no header %s",
              record.offset(),
              record.topic(),
              record.partition(),
              name));
    }
    return new String(header.value(), StandardCharsets.UTF_8);
  }

  private static void add(List<String> problems, String what, Set<?> found) {
    if (!found.isEmpty()) {
      problems.add(
          String.format(
              Locale.ROOT,
              "%s: %d, e.g. %s",
              what,
              found.size(),
              found.stream().limit(SHOWN_MAX).toList()));
    }
  }
}
