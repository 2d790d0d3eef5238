package dev.millrace.streams.processor;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.Origin;
import dev.millrace.records.OutcomeRecords;
import dev.millrace.records.Refusal;
import dev.millrace.records.Sink;
import dev.millrace.records.SourcePosition;
import dev.millrace.records.SourceRecord;
import dev.millrace.records.UnwritableException;
import dev.millrace.streams.processor.Mailbox.Letter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToIntFunction;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps each document in the pending store from the moment it is consumed until its outcome is
 * forwarded, so that at every commit it is in exactly one place: not consumed, pending, or out.
 *
 * <p>Owned by the stream thread of its task; the enricher's threads reach the {@link Mailbox} only.
 * All state of a run is built in {@link #init} and dropped in {@link #close}: Kafka Streams opens
 * and closes the same object several times.
 */
public final class EnrichmentProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  private static final long POLL_NANOS = Duration.ofMillis(5).toNanos();
  private static final byte[] NOTHING = {};
  private static final Duration PAUSE_MAX = Duration.ofSeconds(10);

  private final ProcessorOptions options;
  private final EnrichmentServices services;
  private final Refusal refusal;
  private final OutcomeRecords records;
  private final WaitingLetters letters;
  private @Nullable Run run;

  /** Borrows what all stream tasks share; opens nothing. */
  EnrichmentProcessor(ProcessorOptions options, EnrichmentServices services) {
    this.options = options;
    this.services = services;
    this.records = records(this::bytesMax);
    // They must fit the changelog, too, in which they wait.
    this.letters =
        new WaitingLetters(
            records(sink -> Math.min(bytesMax(sink), storedBytesMax() - WaitingLetters.MARGIN)));
    this.refusal = new Refusal(options.documentBytesMax(), this::storedBytesMax);
  }

  private int bytesMax(Sink sink) {
    return services.sizes().max(options.topics().outputs().of(sink));
  }

  private int storedBytesMax() {
    return services.sizes().max(services.timestamps().changelog());
  }

  private OutcomeRecords records(ToIntFunction<Sink> bytesMax) {
    return new OutcomeRecords(
        services.encoder(),
        options.topics().outputs(),
        options.timestamp(),
        services.limits(),
        bytesMax);
  }

  /**
   * Sees to it that what an earlier run has left is submitted, at the looks to come. Writes
   * nothing: no commit would cover it.
   */
  @Override
  public void init(ProcessorContext<byte[], byte[]> context) {
    Run opened = new Run(context);
    run = opened;
    if (opened.store.size() > 0) {
      services.monitor().resubmitted(opened.store.size(), opened.store.ofOtherPlans());
      opened.looks.often();
    }
    opened.report.tell(context.currentSystemTimeMs());
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    running().process(record);
  }

  /** Cancels what is in flight. Writes nothing: the commit has happened. */
  @Override
  public void close() {
    Run closing = run;
    run = null;
    if (closing != null) {
      closing.close();
    }
  }

  /** The topics that a stream task depends on. */
  private static List<String> topics(String application, ProcessorOptions options) {
    List<String> topics = new ArrayList<>(options.topics().outputs().all());
    options.topics().documents().name().ifPresent(topics::add);
    topics.add(options.names().changelog(application));
    return topics;
  }

  private Run running() {
    Run current = run;
    if (current == null) {
      throw new IllegalStateException("the processor is used outside init() and close()");
    }
    return current;
  }

  /** Everything between one {@code init} and its {@code close}. */
  private final class Run {
    private final ProcessorContext<byte[], byte[]> context;
    private final String task;
    private final PendingStore store;
    private final TakenMarks marks;
    private final Mailbox mailbox;
    private final InFlight inFlight;
    private final OrderKeeper order;
    private final Suspects suspects;
    private final Looks looks;
    private final CarefulStart careful;
    private final LoadReport report;
    private final Arrivals arrivals;
    private final Forwarder forwarder;

    Run(ProcessorContext<byte[], byte[]> context) {
      this.context = context;
      this.task = context.taskId().toString();
      KeyValueStore<byte[], byte[]> pending = context.getStateStore(options.names().store());
      this.marks =
          new TakenMarks(pending, services.intake(), topics(context.applicationId(), options));
      this.store =
          new PendingStore(
              pending,
              options.topics().documents(),
              services.plan(),
              marks::pending,
              EnrichmentProcessor.this::storedBytesMax);
      this.arrivals = new Arrivals(options.topics().documents(), services, marks, store);
      this.forwarder = new Forwarder(context, options, services.monitor(), records);
      this.mailbox = new Mailbox(options.inFlightTaskMax(), services.monitor());
      this.inFlight = new InFlight(options, services, mailbox);
      this.order = new OrderKeeper(options.ordering());
      this.suspects = new Suspects(store, inFlight, services, options);
      this.looks = new Looks(context, options.punctuateInterval(), this::look);
      this.careful =
          new CarefulStart(context.currentSystemTimeMs() + options.carefulStart().toMillis());
      this.report = new LoadReport(services.monitor(), task, store, inFlight, order);
    }

    void process(Record<byte[], byte[]> record) {
      RecordMetadata from =
          context
              .recordMetadata()
              .orElseThrow(() -> new IllegalStateException("a consumed record has a position"));
      PendingId id = new PendingId(from.topic(), from.partition(), from.offset());
      SourcePosition position = id.position();
      // Both forget what they say: they are asked of every record, taken or not.
      int epoch = services.timestamps().epoch(position);
      long timestamp = services.timestamps().own(position, record.timestamp());
      if (!arrivals.take(id, epoch)) {
        return;
      }
      SourceRecord source =
          new SourceRecord(position, timestamp, record.key(), record.headers(), record.value());
      long beside =
          store.keyBytes(from.topic())
              + EnvelopeCodec.sizeBesideValue(from.topic(), record.key(), record.headers());
      Outcome.Rejected refused =
          refusal.of(source, beside, services.submitter().tombstones()).orElse(null);
      long now = context.currentSystemTimeMs();
      Envelope envelope =
          new Envelope(source, now, 0, services.plan(), Restarts.none(services.ends().process()));
      byte[] bytes = NOTHING;
      if (refused == null) {
        try {
          bytes = EnvelopeCodec.encode(envelope);
        } catch (RuntimeException e) {
          refused = OutcomeRecords.fault("the record cannot be stored", source.name(), e);
        }
      }
      if (refused != null) {
        if (order.isFree(from.topic(), source.key(), parked() == 0)) {
          forwarder.outcome(Origin.of(source, 1), refused, false, now);
          marks.left(position);
          return;
        }
        envelope = letters.envelope(source, 1, refused, now, now);
        bytes = EnvelopeCodec.encode(envelope);
      }
      boolean atOnce = parked() == 0 && careful.isOver(now);
      if (!store.add(id, bytes)) {
        return;
      }
      if (atOnce && take(id, envelope)) {
        store.taken(id);
      }
      setPace();
      waitBounded();
    }

    /**
     * Slows consumption while too much is pending: waits in a slice and does what came meanwhile.
     */
    private void waitBounded() {
      long deadline = services.nanoClock().getAsLong() + options.slice().toNanos();
      long pollsMax = Math.max(1, options.slice().toNanos() / POLL_NANOS);
      drain();
      for (long polls = 0;
          polls < pollsMax
              && store.size() >= options.pendingTaskMax()
              && deadline - services.nanoClock().getAsLong() > 0;
          polls++) {
        try {
          Letter letter = mailbox.poll(POLL_NANOS);
          if (letter != null) {
            accept(letter);
            drain();
            takeParked();
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }

    private void look() {
      if (suspects.uncounted()) {
        // Submitted from the next look on, when the count is committed.
        suspects.count().forEach(this::condemn);
        context.commit();
        setPace();
        return;
      }
      careful.beginLook();
      drain();
      boolean pardoned = services.gate().draining() && suspects.pardon();
      inFlight.resubmitDue(this::load);
      suspects.submitDue();
      takeParked();
      boolean marked = suspects.mark() || pardoned;
      long now = context.currentSystemTimeMs();
      if (careful.endLook(store, now) || marked) {
        context.commit();
      }
      setPace();
      report.look(now);
    }

    /** Its dead letter takes its place, to be forwarded when it is its turn. */
    private void condemn(Suspects.Condemned found) {
      Envelope envelope = found.envelope();
      Envelope letter =
          letters.envelope(
              envelope.record(),
              envelope.attempts() + 1,
              found.rejected(),
              envelope.firstSeenMillis(),
              context.currentSystemTimeMs());
      if (!store.replace(found.id(), EnvelopeCodec.encode(letter))) {
        throw new UnwritableException(
            String.format(
                Locale.ROOT,
                "cannot store the dead letter of document %s: topic %s takes records of %d bytes;"
                    + " raise its max.message.bytes",
                envelope.record().name(),
                services.timestamps().changelog(),
                storedBytesMax()));
      }
    }

    private void drain() {
      for (Letter letter = mailbox.poll(); letter != null; letter = mailbox.poll()) {
        accept(letter);
      }
    }

    private void accept(Letter letter) {
      InFlight.Entry entry = inFlight.answered(letter.id());
      if (entry == null) {
        services.monitor().staleCompletion();
        return;
      }
      switch (letter.answer()) {
        case Answer.Final(Outcome outcome) -> complete(letter.id(), outcome);
        case Answer.Retry(Deferral deferral) -> retry(letter.id(), entry, deferral);
        case Answer.Broken(Throwable fault) -> {
          String what =
              "cannot enrich document %s of stream task %s: a fault of this program"
                  .formatted(letter.id(), task);
          services.ends().crashing(what);
          throw new IllegalStateException(what, fault);
        }
      }
    }

    private void retry(PendingId id, InFlight.Entry entry, Deferral deferral) {
      services.monitor().retry(deferral.cause(), deferral.message());
      switch (deferral.cause()) {
        case UNKNOWN_SCHEMA -> {
          long waited = context.currentSystemTimeMs() - entry.firstSeenMillis();
          if (waited >= options.unknownSchemaGrace().toMillis()) {
            complete(id, new Outcome.Rejected(RejectReason.UNKNOWN_SCHEMA, deferral.message()));
            return;
          }
        }
        case DEADLINE -> {
          Envelope tried = required(id).afterAttempt();
          boolean counted = store.replace(id, EnvelopeCodec.encode(tried));
          if (!counted || tried.attempts() >= options.attemptsMax()) {
            complete(
                id,
                new Outcome.Rejected(
                    RejectReason.DEADLINE,
                    String.format(
                        Locale.ROOT,
                        "%d attempts took longer than processing.deadline = %s",
                        tried.attempts(),
                        options.deadline())));
            return;
          }
          entry.nextAttempt();
        }
        case ENGINE_LOST -> {
          services.ends().crashing("the engine is lost");
          services.gate().engineIsLost();
        }
        case OVERLOADED, CANCELLED, REGISTRY_UNAVAILABLE -> {}
      }
      inFlight.retryLater(entry, deferral.cause());
    }

    private void complete(PendingId id, Outcome outcome) {
      suspects.settled(id);
      for (OrderKeeper.Ready ready : order.complete(id, outcome)) {
        PendingId readyId = ready.id();
        InFlight.Entry entry = inFlight.finished(readyId);
        if (entry == null) {
          throw new IllegalStateException(
              "document %s of stream task %s has an outcome but is not in memory"
                  .formatted(readyId, task));
        }
        if (entry.isDeadLetter()) {
          forwarder.letter(required(readyId));
          store.remove(readyId);
          marks.left(readyId.position());
          continue;
        }
        // Only a dead letter needs the document itself, and reads it: so it is removed afterwards.
        Origin origin = entry.origin(() -> required(readyId).record().value());
        boolean changed = entry.planDiffers(services.plan());
        forwarder.outcome(origin, ready.outcome(), changed, entry.firstSeenMillis());
        store.remove(readyId);
        left(origin.position());
      }
    }

    private void left(@Nullable SourcePosition position) {
      if (position != null) {
        marks.left(position);
      }
    }

    void takeParked() {
      if (parked() > 0 && inFlight.hasRoom() && !suspects.uncounted()) {
        store.takeParked((id, bytes) ->
            inFlight.contains(id)
                || (careful.allows(id, context.currentSystemTimeMs())
                    && take(id, EnvelopeCodec.decode(id, bytes))));
      }
    }

    private boolean take(PendingId id, Envelope envelope) {
      RejectReason rejected = envelope.rejected();
      if (rejected != null) {
        if (!inFlight.takeDeadLetter(id, envelope)) {
          return false;
        }
        order.announce(id, envelope.record().key());
        complete(id, new Outcome.Rejected(rejected, ""));
        return true;
      }
      if (envelope.restarts().suspect()) {
        if (suspects.meet(id, envelope.restarts())) {
          order.announce(id, envelope.record().key());
        }
        return true;
      }
      if (!inFlight.take(id, envelope)) {
        return false;
      }
      order.announce(id, envelope.record().key());
      return true;
    }

    private long parked() {
      return store.size() - inFlight.size() - suspects.heldBack();
    }

    private @Nullable Envelope load(PendingId id) {
      byte[] bytes = store.get(id);
      return bytes == null ? null : EnvelopeCodec.decode(id, bytes);
    }

    private Envelope required(PendingId id) {
      Envelope envelope = load(id);
      if (envelope == null) {
        throw new IllegalStateException(
            "document %s of stream task %s has an outcome but is not pending".formatted(id, task));
      }
      return envelope;
    }

    /** Looks as soon as there can be something to see, for each look costs a commit. */
    private void setPace() {
      if (store.size() == 0) {
        looks.stop();
      } else if (suspects.busy()
          || inFlight.submitted() > 0
          || (parked() > 0 && inFlight.hasRoom())) {
        looks.often();
      } else {
        looks.after(Duration.ofNanos(Math.min(inFlight.nanosUntilDue(), PAUSE_MAX.toNanos())));
      }
    }

    void close() {
      mailbox.close();
      looks.stop();
      try {
        services.submitter().cancelAll(mailbox);
      } catch (RuntimeException e) {
        // close() must not throw: a task that cannot be closed cannot be opened again either.
        services.monitor().retry(Deferral.Cause.CANCELLED, "cancelling failed: " + e.getMessage());
      }
      inFlight.close();
      services.monitor().taskClosed(task);
    }
  }
}
