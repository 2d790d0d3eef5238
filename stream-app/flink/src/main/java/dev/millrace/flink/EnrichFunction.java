package dev.millrace.flink;

import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.AttemptKeys;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.DocumentKeys;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.config.RegistryKeys;
import dev.millrace.operations.config.TopicKeys;
import dev.millrace.records.DocumentSubmitter;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.Refusal;
import dev.millrace.records.SourceRecord;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.jspecify.annotations.Nullable;

/**
 * Enriches the documents of one input. Flink keeps those that are in work in each checkpoint and
 * gives them again after a failure, so that each has one outcome among the committed records.
 *
 * <p>It never times out and never fails for a document: what does not succeed is tried again, as
 * often and as long as in the Streams application, and ends as a dead letter.
 */
final class EnrichFunction extends RichAsyncFunction<SourceRecord, EncodedOutcome> {
  private static final long serialVersionUID = 1;

  private final JobConfig job;
  private final String input;
  private final Parts.Opener opener;
  private transient @Nullable Enrichment running;

  EnrichFunction(JobConfig job, String input, Parts.Opener opener) {
    this.job = job;
    this.input = input;
    this.opener = opener;
  }

  @Override
  public void open(OpenContext context) {
    Config config = job.parse();
    Input from =
        Input.all(config).stream()
            .filter(each -> each.name().equals(input))
            .findFirst()
            .orElseThrow();
    running =
        new Enrichment(
            config,
            from,
            SharedParts.of(getRuntimeContext(), job, Parts.class, () -> opener.open(config)),
            job);
  }

  @Override
  public void asyncInvoke(SourceRecord record, ResultFuture<EncodedOutcome> future) {
    Enrichment current = running;
    if (current == null) {
      throw new IllegalStateException("the function is used outside open() and close()");
    }
    current.begin(record, future);
  }

  @Override
  public void close() {
    Enrichment closing = running;
    running = null;
    if (closing != null) {
      closing.close();
    }
  }

  /** Everything between {@code open} and {@code close}. Thread-safe. */
  static final class Enrichment {
    private final ExecutorService decoding =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("decode-", 0).factory());
    private final ScheduledExecutorService retries =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("enrich-retry").factory());
    private final Set<DocumentWork> works = ConcurrentHashMap.newKeySet();
    private final Object owner = new Object();
    private final DocumentSubmitter submitter;
    private final Refusal refusal;
    private final Attempts attempts;
    private final OutputTopics topics;
    private final OutcomeRecords records;
    private final Runnable lost;
    private volatile boolean closed;

    Enrichment(Config config, Input input, Parts shared, JobConfig job) {
      this.lost = () -> SharedParts.lost(job, shared);
      InputParts parts = shared.of(input);
      this.submitter =
          new DocumentSubmitter(
              parts.decoder(), input.layout().tombstones(), parts.enrichers(), decoding);
      int recordBytesMax = Math.toIntExact(config.get(TopicKeys.RECORD_BYTES_MAX));
      OutputLimits limits = OutputLimits.ask(config);
      this.refusal =
          new Refusal(Math.toIntExact(config.get(DocumentKeys.BYTES_MAX)), () -> recordBytesMax);
      this.attempts =
          new Attempts(
              config.get(AttemptKeys.DEADLINE),
              config.get(AttemptKeys.ATTEMPTS_MAX),
              config.get(RegistryKeys.UNKNOWN_GRACE),
              AttemptKeys.backoff(config));
      this.topics = input.topics().outputs();
      this.records =
          new OutcomeRecords(
              parts.encoder(),
              topics,
              config.get(TopicKeys.TIMESTAMP),
              limits.timestamps(),
              sink -> limits.sizes().max(topics.of(sink)));
    }

    void begin(SourceRecord record, ResultFuture<EncodedOutcome> future) {
      DocumentWork work = new DocumentWork(this, record, future);
      works.add(work);
      refusal.of(record, 0, submitter.tombstones()).ifPresentOrElse(work::onOutcome, work::submit);
    }

    Object owner() {
      return owner;
    }

    DocumentSubmitter submitter() {
      return submitter;
    }

    Attempts attempts() {
      return attempts;
    }

    OutputTopics topics() {
      return topics;
    }

    OutcomeRecords records() {
      return records;
    }

    ScheduledExecutorService retries() {
      return retries;
    }

    boolean closed() {
      return closed;
    }

    /** The next run of the job opens other parts. */
    void engineLost() {
      lost.run();
    }

    void ended(DocumentWork work) {
      works.remove(work);
    }

    /** What is in work is in a checkpoint, or is read again. */
    void close() {
      closed = true;
      submitter.cancelAll(owner);
      retries.shutdownNow();
      decoding.shutdownNow();
      works.clear();
    }
  }
}
