package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.TopicSelection;
import dev.millrace.operations.config.Topics;
import dev.millrace.records.Backoff;
import dev.millrace.records.DeadLetter;
import dev.millrace.records.Decoded;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.RecordHeaderNames;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.Sink;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import dev.millrace.records.TimestampLimits;
import dev.millrace.records.Tombstones;
import dev.millrace.streams.ends.ProcessEnd;
import dev.millrace.streams.ends.ProcessEnds;
import dev.millrace.streams.topology.EnrichmentTopology;
import dev.millrace.streams.topology.SharedRocksDb;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.Punctuator;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;

/**
 * The processor in its topology, with a fake enricher, plain-text documents and a hand-moved clock.
 */
final class ProcessorHarness implements AutoCloseable {
  static final String DOCUMENTS = "documents";

  static final Topics TOPICS =
      new Topics(
          DOCUMENTS,
          new OutputTopics("enriched-documents", "quarantined-documents", "dead-letters"));

  static final NodeNames NAMES = new NodeNames(Input.DEFAULT_NAME);

  static final String CHANGELOG = "test-pending-changelog";

  static final long START_MILLIS = 1_000_000;

  final FakeEnricher enricher = new FakeEnricher();
  final TimestampLimits limits = new TimestampLimits();
  RecordSizes sizes = new RecordSizes(4000);

  /** Outcomes of these summaries fail to be encoded. */
  final Set<String> unwritable = new HashSet<>();

  Intake intake = new Intake(Taken.SKIP);
  SubmissionGate gate = new SubmissionGate();
  final Events events = new Events();

  /** Texts whose decoding does not succeed. */
  final Map<String, Decoded> undecodable = new HashMap<>();

  /** How values are read; by default, each text is a document with an id made of it. */
  DocumentDecoder decoder = this::decode;

  /** What becomes of deletions; from the next {@link #reopen} on. */
  Tombstones tombstones = Tombstones.REJECT;

  /** Warnings of what was encoded, behind the summary. */
  final List<String> warned = new ArrayList<>();

  /** Every dead letter that was encoded. */
  final List<DeadLetter> letters = new ArrayList<>();

  private final SourceTimestamps timestamps =
      new SourceTimestamps(limits, CHANGELOG, () -> Instant.ofEpochMilli(nowMillis()));
  private final Path stateDir;
  private final ProcessorOptions options;
  private final Permits permits;
  private final List<KeyValue<byte[], byte[]>> left = new ArrayList<>();
  private long nanos = 1;
  private long process = 1;
  private long sent;
  private long sentBefore;

  /** How processes ended, by their numbers. */
  final Map<Long, ProcessEnd> ended = new HashMap<>();

  /** Offset and topic of every record that was forwarded, in that order. */
  final List<String> forwarded = new ArrayList<>();

  /** What was said of crashes to come. */
  final List<String> crashing = new ArrayList<>();

  /** Fingerprint of the plans. */
  long plan = 11;

  private int looks;
  private int reads;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> input;

  ProcessorHarness(Path stateDir, ProcessorOptions options, Permits permits) {
    this.stateDir = stateDir;
    this.options = options;
    this.permits = permits;
    this.driver = open();
    this.input = input(firstTopic());
  }

  static ProcessorOptions options(Ordering ordering) {
    return options(ordering, Duration.ZERO);
  }

  static ProcessorOptions options(Ordering ordering, Duration carefulStart) {
    return options(ordering, carefulStart, OutcomeTimestamp.DOCUMENT);
  }

  static ProcessorOptions options(OutcomeTimestamp timestamp) {
    return options(Ordering.NONE, Duration.ZERO, timestamp);
  }

  private static ProcessorOptions options(
      Ordering ordering, Duration carefulStart, OutcomeTimestamp timestamp) {
    return options(TOPICS, ordering, carefulStart, timestamp, 8, 16);
  }

  /** An input of all topics that match a pattern. */
  static ProcessorOptions options(String pattern, Ordering ordering, Duration carefulStart) {
    return options(
        new Topics(TopicSelection.matching(pattern), TOPICS.outputs()),
        ordering,
        carefulStart,
        OutcomeTimestamp.DOCUMENT,
        8,
        16);
  }

  private static ProcessorOptions options(
      Topics topics,
      Ordering ordering,
      Duration carefulStart,
      OutcomeTimestamp timestamp,
      int inFlightTaskMax,
      int pendingTaskMax) {
    return new ProcessorOptions(
        NAMES,
        topics,
        timestamp,
        ordering,
        2000,
        inFlightTaskMax,
        pendingTaskMax,
        Duration.ofMillis(10),
        Duration.ofMillis(10),
        Duration.ofSeconds(60),
        3,
        3,
        carefulStart,
        Duration.ofSeconds(30),
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10)));
  }

  static ProcessorOptions options() {
    return options(Ordering.NONE);
  }

  /** With room for many documents. */
  static ProcessorOptions options(Ordering ordering, int inFlightTaskMax) {
    return options(
        TOPICS,
        ordering,
        Duration.ZERO,
        OutcomeTimestamp.DOCUMENT,
        inFlightTaskMax,
        10 * inFlightTaskMax);
  }

  private TopologyTestDriver open() {
    Properties properties = new Properties();
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
    properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:1");
    properties.put(StreamsConfig.STATE_DIR_CONFIG, stateDir.toString());
    properties.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, SharedRocksDb.class);
    EnrichmentServices services =
        new EnrichmentServices(
            new Submitter(
                record -> decoder.decode(record),
                tombstones,
                EnricherChoice.always(enricher),
                Runnable::run),
            new TextEncoder(),
            timestamps,
            intake,
            limits,
            sizes,
            permits,
            gate,
            events,
            () -> nanos,
            plan,
            ends(process));
    return new TopologyTestDriver(
        EnrichmentTopology.build(
            List.of(
                new EnrichmentTopology.Part(
                    NAMES,
                    options.topics(),
                    new Restored(new EnrichmentProcessorSupplier(options, services, Map.of())),
                    timestamps)),
            properties),
        properties,
        Instant.ofEpochMilli(START_MILLIS));
  }

  private ProcessEnds ends(long own) {
    return new ProcessEnds() {
      @Override
      public long process() {
        return own;
      }

      @Override
      public ProcessEnd of(long other) {
        return other == own ? ProcessEnd.IN_ORDER : ended.getOrDefault(other, ProcessEnd.UNKNOWN);
      }

      @Override
      public void crashing(String how) {
        crashing.add(how);
      }
    };
  }

  /** Wall clock of the driver. */
  long nowMillis() {
    return START_MILLIS + Duration.ofNanos(nanos).toMillis();
  }

  private TestInputTopic<byte[], byte[]> input(String topic) {
    return driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private Decoded decode(SourceRecord record) {
    String text = text(record.requireValue());
    Decoded other = undecodable.get(text);
    return other != null ? other : new Decoded.Success(Document.of("id-" + text, text, ""));
  }

  /** Kills the process and starts it again with the store as it was, until it is at work. */
  void restart() {
    restart(ProcessEnd.UNEXPLAINED);
  }

  /**
   * Ends the process and starts another with the store as it was, until it is at work.
   *
   * @param how what the next one knows of it
   */
  void restart(ProcessEnd how) {
    ended.put(process, how);
    moveTo(ended.size() + 1L);
  }

  /** The stream task moves to another process, or comes back to one. */
  void moveTo(long other) {
    process = other;
    gate = new SubmissionGate();
    reopen();
  }

  /** Takes the stream task away from the process and gives it back. */
  void reopen() {
    sentBefore = sent;
    left.clear();
    try (KeyValueIterator<byte[], byte[]> all = store().all()) {
      all.forEachRemaining(left::add);
    }
    driver.close();
    driver = open();
    input = input(firstTopic());
    // One look to count what was found, one to submit it.
    tick();
    tick();
  }

  /** Kills the process and starts it again, with its store and without its committed offsets. */
  void restartFromTheBeginning() {
    sent = 0;
    restart();
  }

  /** How often the processor has looked for answers. */
  int looks() {
    return looks;
  }

  /** What the store says about the restarts of the document at an offset. */
  Restarts restarts(long offset) {
    PendingId id = id(offset);
    return EnvelopeCodec.decode(id, store().get(key(id))).restarts();
  }

  /** Names the document at an offset of {@link #DOCUMENTS}. */
  static PendingId id(long offset) {
    return new PendingId(DOCUMENTS, 0, offset);
  }

  /** Names the document under a key of the store. */
  static PendingId id(byte[] key) {
    return new PendingKeys(TOPICS.documents()).of(key);
  }

  /** Its key in the store. */
  static byte[] key(PendingId id) {
    return new PendingKeys(TOPICS.documents()).bytes(id);
  }

  /** Fills the store before the processor is opened, as restoration does. */
  private final class Restored implements ProcessorSupplier<byte[], byte[], byte[], byte[]> {
    private final EnrichmentProcessorSupplier supplier;

    Restored(EnrichmentProcessorSupplier supplier) {
      this.supplier = supplier;
    }

    @Override
    public Processor<byte[], byte[], byte[], byte[]> get() {
      Processor<byte[], byte[], byte[], byte[]> processor = supplier.get();
      return new Processor<>() {
        @Override
        public void init(ProcessorContext<byte[], byte[]> context) {
          KeyValueStore<byte[], byte[]> store = context.getStateStore(NAMES.store());
          left.forEach(entry -> store.put(entry.key, entry.value));
          processor.init(counting(context));
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
          processor.process(record);
        }

        @Override
        public void close() {
          processor.close();
        }
      };
    }

    @Override
    public Set<StoreBuilder<?>> stores() {
      return supplier.stores();
    }
  }

  /** The context, but that each look is counted, and records are those of all lives. */
  @SuppressWarnings("unchecked")
  private ProcessorContext<byte[], byte[]> counting(ProcessorContext<byte[], byte[]> context) {
    return (ProcessorContext<byte[], byte[]>)
        Proxy.newProxyInstance(
            ProcessorContext.class.getClassLoader(),
            new Class<?>[] {ProcessorContext.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("schedule")) {
                Punctuator look = (Punctuator) arguments[2];
                arguments[2] =
                    (Punctuator)
                        timestamp -> {
                          looks++;
                          look.punctuate(timestamp);
                        };
              }
              if (method.getName().equals("forward") && arguments.length == 2) {
                Record<?, ?> record = (Record<?, ?>) arguments[0];
                Header offset = record.headers().lastHeader(RecordHeaderNames.SOURCE_OFFSET);
                Sink sink =
                    Arrays.stream(Sink.values())
                        .filter(each -> NAMES.sink(each).equals(arguments[1]))
                        .findFirst()
                        .orElseThrow();
                forwarded.add(text(offset.value()) + " " + TOPICS.outputs().of(sink));
              }
              try {
                Object result = method.invoke(context, arguments);
                if (method.getName().equals("getStateStore")) {
                  return reading(result);
                }
                return method.getName().equals("recordMetadata") ? onTopic(result) : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  /** The store, but that each read of a single document is counted. */
  private Object reading(Object store) {
    return Proxy.newProxyInstance(
        KeyValueStore.class.getClassLoader(),
        new Class<?>[] {KeyValueStore.class},
        (proxy, method, arguments) -> {
          // delete() reads what it deletes, to give it back.
          if (method.getName().equals("get") || method.getName().equals("delete")) {
            reads++;
          }
          try {
            return method.invoke(store, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }

  /** How often the processor has read a document from the store. */
  int reads() {
    return reads;
  }

  /** Each driver counts from 0, but offsets go on after a restart. */
  private Optional<RecordMetadata> onTopic(Object found) {
    return ((Optional<?>) found)
        .map(RecordMetadata.class::cast)
        .map(from -> new Metadata(from.topic(), from.partition(), sentBefore + from.offset()));
  }

  private record Metadata(String topic, int partition, long offset) implements RecordMetadata {}

  KeyValueStore<byte[], byte[]> store() {
    return driver.getKeyValueStore(NAMES.store());
  }

  long stored() {
    long count = 0;
    try (KeyValueIterator<byte[], byte[]> all = store().all()) {
      while (all.hasNext()) {
        if (!TakenMark.isReserved(all.next().key)) {
          count++;
        }
      }
    }
    return count;
  }

  void send(String key, String text) {
    send(new TestRecord<>(bytes(key), bytes(text), new RecordHeaders(), Instant.ofEpochMilli(77)));
  }

  /** Sends to one of the topics that match the pattern. */
  void sendTo(String topic, String key, String text) {
    input(topic)
        .pipeInput(
            new TestRecord<>(
                bytes(key), bytes(text), new RecordHeaders(), Instant.ofEpochMilli(77)));
  }

  private String firstTopic() {
    return options.topics().documents().name().orElse("a-documents");
  }

  void send(TestRecord<byte[], byte[]> record) {
    sent++;
    input.pipeInput(record);
  }

  void advance(Duration time) {
    nanos += time.toNanos();
    driver.advanceWallClockTime(time);
  }

  /** One tick of the punctuator. */
  void tick() {
    advance(Duration.ofMillis(10));
  }

  /** Text of the value in the latest dead letter. */
  String letterText() {
    byte[] value = letters.getLast().value();
    return value == null ? "" : text(value);
  }

  List<TestRecord<byte[], byte[]>> read(String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  List<String> values(String topic) {
    return read(topic).stream().map(record -> text(record.value())).toList();
  }

  static String header(TestRecord<byte[], byte[]> record, String name) {
    return text(record.headers().lastHeader(name).value());
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    driver.close();
  }

  /** Encodes the summary. */
  private final class TextEncoder implements OutcomeEncoder {
    @Override
    public byte[] enriched(Enrichment enrichment, @Nullable SourcePosition source) {
      String summary = enrichment.summary().orElse("");
      enrichment.warnings().forEach(warning -> warned.add(summary + " " + warning.code()));
      if (unwritable.contains(summary)) {
        throw new ArithmeticException("quotes the document: " + summary);
      }
      return bytes(summary);
    }

    @Override
    public byte[] quarantined(Enrichment enrichment, @Nullable SourcePosition source) {
      return bytes("unsafe " + enrichment.summary().orElse(""));
    }

    @Override
    public byte[] deadLetter(DeadLetter letter) {
      if (letter.headers().lastHeader("unwritable") != null) {
        throw new ArithmeticException("a header");
      }
      letters.add(letter);
      byte[] value = letter.value() == null ? new byte[0] : letter.value();
      // As long as if key and headers were in it, for they are in the real one.
      int more = (int) OutcomeRecords.size(letter.key(), letter.headers(), 0);
      return Arrays.copyOf(value, value.length + more);
    }
  }

  /** Remembers what was reported. */
  static final class Events implements ProcessorMonitor {
    final Map<String, Load> loads = new HashMap<>();
    final List<RejectReason> rejections = new ArrayList<>();
    final List<Deferral.Cause> retries = new ArrayList<>();
    final List<String> closed = new ArrayList<>();
    final List<String> suspected = new ArrayList<>();
    final List<Boolean> deletions = new ArrayList<>();
    final List<String> skipped = new ArrayList<>();
    final List<String> replaced = new ArrayList<>();
    long resubmitted;
    long ofOtherPlans;
    int stale;
    int enriched;

    @Override
    public void load(String task, Load load) {
      loads.put(task, load);
    }

    @Override
    public void taskClosed(String task) {
      closed.add(task);
    }

    @Override
    public void deleted(boolean forwarded, long ageMillis) {
      deletions.add(forwarded);
    }

    @Override
    public void resubmitted(long documents, long ofOtherPlans) {
      resubmitted += documents;
      this.ofOtherPlans += ofOtherPlans;
    }

    @Override
    public void suspected(int documents, int waiting) {
      suspected.add(documents + " beside " + waiting);
    }

    @Override
    public void suspected(PendingId id, int restarts) {
      suspected.add(id + " " + restarts);
    }

    @Override
    public void takenBefore(SourcePosition at, long next) {
      skipped.add(at.offset() + " of " + next);
    }

    @Override
    public void topicReplaced(String topic, Uuid before) {
      replaced.add(topic);
    }

    @Override
    public void staleCompletion() {
      stale++;
    }

    @Override
    public void enriched(Enrichment enrichment, boolean quarantined, long ageMillis) {
      enriched++;
    }

    @Override
    public void rejected(RejectReason reason, long ageMillis) {
      rejections.add(reason);
    }

    @Override
    public void retry(Deferral.Cause cause, String message) {
      retries.add(cause);
    }
  }
}
