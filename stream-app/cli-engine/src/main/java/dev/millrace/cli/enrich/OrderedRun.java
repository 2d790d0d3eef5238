package dev.millrace.cli.enrich;

import dev.millrace.cli.CommandException;
import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Enricher.OutcomeListener;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.RejectReason;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enriches lines, many at once, and hands the results on in the lines' order. At most so many lines
 * and bytes are in work: enough that the engine always has something to choose from, and no more
 * memory however long the input is. Owned by the thread that runs it.
 */
final class OrderedRun {
  private static final Logger LOG = LoggerFactory.getLogger(OrderedRun.class);
  private static final long RETRY_MILLIS = 20;
  private static final long PROGRESS_MILLIS = 1000;

  private final Enricher enricher;
  private final Sink sink;
  private final Tally tally;
  private final int linesMax;
  private final long bytesMax;
  private final Deque<Slot> window = new ArrayDeque<>();
  private final InputChain chain = new InputChain();
  private long bytes;

  OrderedRun(Enricher enricher, Sink sink, Tally tally, int linesMax, long bytesMax) {
    this.enricher = enricher;
    this.sink = sink;
    this.tally = tally;
    this.linesMax = linesMax;
    this.bytesMax = bytesMax;
  }

  /**
   * Where a line is.
   *
   * @param number from 1, blank lines counted; 0 if it is no part of a file
   * @param chain the {@link InputChain} up to it
   */
  record Place(long number, String chain) {}

  /** Takes results, in order, on the running thread. */
  interface Sink {
    /**
     * A line's result.
     *
     * @param id null if the line's could not be read
     */
    void accept(@Nullable String id, Place place, InputLine line, Outcome outcome)
        throws IOException;
  }

  /** A line in work. */
  private static final class Slot implements OutcomeListener {
    final InputLine line;
    final Place place;
    final int bytes;
    final long bytesRead;
    int attempts;
    CompletableFuture<Object> answer = new CompletableFuture<>();

    Slot(InputLine line, Place place, int bytes, long bytesRead) {
      this.line = line;
      this.place = place;
      this.bytes = bytes;
      this.bytesRead = bytesRead;
    }

    @Override
    public void onOutcome(Outcome outcome) {
      answer.complete(outcome);
    }

    @Override
    public void onDeferred(Deferral deferral) {
      answer.complete(deferral);
    }
  }

  /**
   * Runs to the end of the source.
   *
   * @throws CommandException if the engine is lost
   */
  void run(DocumentSource source) throws IOException, InterruptedException {
    for (DocumentSource.Entry entry = source.next(); entry != null; entry = source.next()) {
      while (!window.isEmpty() && (window.size() >= linesMax || bytes + entry.bytes() > bytesMax)) {
        takeFirst();
      }
      Place place = new Place(entry.number(), chain.add(entry.raw()));
      Slot slot = new Slot(entry.line(), place, entry.bytes(), source.bytesRead());
      submit(slot);
      window.add(slot);
      bytes += entry.bytes();
      while (!window.isEmpty() && window.getFirst().answer.isDone()) {
        takeFirst();
      }
    }
    while (!window.isEmpty()) {
      takeFirst();
    }
  }

  /**
   * Passes over what has its results.
   *
   * @throws CommandException if it is other than what had them
   */
  void skip(DocumentSource source, ResumePoint point) throws IOException {
    String found = "";
    for (long i = 0; i < point.lines(); i++) {
      DocumentSource.Entry entry = source.next();
      if (entry == null) {
        throw other(point, "the input ends before");
      }
      found = chain.add(entry.raw());
    }
    if (!found.equals(point.input())) {
      throw other(point, "one of them is another");
    }
  }

  private static CommandException other(ResumePoint point, String how) {
    return CommandException.failure(
        String.format(
            Locale.ROOT,
            "cannot resume: the first %d lines of the input have results, but %s; use the same"
                + " input, or begin anew with --force",
            point.lines(),
            how));
  }

  private void submit(Slot slot) {
    switch (slot.line) {
      case InputLine.Bad bad -> slot.answer.complete(new Rejected(bad.reason(), bad.message()));
      case InputLine.Good good -> {
        slot.attempts++;
        try {
          enricher.submit(this, good.document(), slot.attempts, Long.MAX_VALUE, slot);
        } catch (RuntimeException e) {
          // One document must not cost the file; the fault is told under the document's name.
          LOG.error("cannot enrich document {}: a fault of this software", good.document().id(), e);
          slot.answer.complete(
              new Rejected(
                  RejectReason.INTERNAL_ERROR, "fault while enriching: " + e.getClass().getName()));
        }
      }
    }
  }

  private void takeFirst() throws IOException, InterruptedException {
    Slot slot = window.getFirst();
    Object answer = await(slot);
    while (answer instanceof Deferral deferral) {
      if (deferral.cause() != Deferral.Cause.OVERLOADED) {
        throw CommandException.failure("the engine gave up: " + deferral.message());
      }
      Thread.sleep(RETRY_MILLIS);
      slot.answer = new CompletableFuture<>();
      submit(slot);
      answer = await(slot);
    }
    window.removeFirst();
    bytes -= slot.bytes;
    Outcome outcome = (Outcome) answer;
    @Nullable String id =
        switch (slot.line) {
          case InputLine.Good good -> good.document().id();
          case InputLine.Bad bad -> bad.id();
        };
    tally.count(outcome, slot.bytesRead);
    sink.accept(id, slot.place, slot.line, outcome);
  }

  private Object await(Slot slot) throws InterruptedException {
    while (true) {
      try {
        return slot.answer.get(PROGRESS_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        tally.tick();
      } catch (ExecutionException e) {
        throw new IllegalStateException("a slot is only ever completed with an answer", e);
      }
    }
  }
}
