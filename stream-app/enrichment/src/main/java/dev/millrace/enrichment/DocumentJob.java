package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.tokenizer.TokenizerException;
import dev.millrace.enrichment.Enricher.Deferral;
import dev.millrace.enrichment.Enricher.OutcomeListener;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One document on its way through the engine: split, asked about, reduced, answered. Its steps run
 * one after the other on the enricher's executor; {@link #cancel} may come from any thread.
 */
final class DocumentJob {
  private static final Logger LOG = LoggerFactory.getLogger(DocumentJob.class);

  private final EngineEnricher.Shared shared;
  private final Object owner;
  private final Document document;
  private final int attempt;
  private final long deadlineNanos;
  private final OutcomeListener listener;
  private final Consumer<DocumentJob> whenDone;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Queue<RequestHandle> handles = new ConcurrentLinkedQueue<>();
  private final UsageMeter usage;
  private volatile boolean cancelled;
  private List<PartPrompt> parts = List.of();
  private Findings findings;

  DocumentJob(
      EngineEnricher.Shared shared,
      Object owner,
      Document document,
      int attempt,
      long deadlineNanos,
      OutcomeListener listener,
      Consumer<DocumentJob> whenDone) {
    this.shared = shared;
    this.owner = owner;
    this.document = document;
    this.attempt = attempt;
    this.deadlineNanos = deadlineNanos;
    this.listener = listener;
    this.whenDone = whenDone;
    this.usage = new UsageMeter(shared.plan().prices());
    this.findings = new Findings(shared.plan(), shared.answers(), parts);
  }

  Object owner() {
    return owner;
  }

  void start() {
    onExecutor(this::ask);
  }

  /** Gives the document up: its listener hears of it soon, unless it has already heard. */
  void cancel() {
    cancelled = true;
    handles.forEach(RequestHandle::cancel);
  }

  /** Answers for a document whose engine calls will not be heard of any more. */
  void abandon() {
    cancelled = true;
    defer(Deferral.Kind.ENGINE_LOST, "the enricher was closed");
  }

  private void ask() {
    if (cancelled) {
      defer(Deferral.Kind.CANCELLED, "cancelled before it was asked about");
      return;
    }
    Optional<Rejected> fault = DocumentCheck.fault(document);
    if (fault.isPresent()) {
      deliver(fault.get());
      return;
    }
    parts = shared.prompts().parts(document.text());
    int read = parts.getLast().part().end();
    if (read < document.text().length() && shared.plan().documents().beyond() == Beyond.REJECT) {
      deliver(
          new Rejected(
              RejectReason.TOO_LONG,
              String.format(
                  Locale.ROOT,
                  ("the text has %d characters; %d parts of %d tokens, as many as the plan reads,"
                      + " end at character %d: raise documents.partsMax or set documents.beyond"),
                  document.text().length(),
                  parts.size(),
                  shared.prompts().partTokensMax(),
                  read)));
      return;
    }
    findings = new Findings(shared.plan(), shared.answers(), parts);
    String language = language();
    List<EngineCall> calls = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      calls.addAll(shared.prompts().calls(i, parts.get(i), language));
    }
    if (calls.isEmpty()) {
      finish("", false);
      return;
    }
    submit(calls, () -> reduce(calls, List.of()));
  }

  private String language() {
    String tag = document.language();
    if (!tag.isBlank() && Language.of(tag).isEmpty()) {
      findings.warn(Warning.Code.LANGUAGE_ASSUMED, "language");
    }
    return shared.plan().languageOf(tag);
  }

  /**
   * Takes in calls that ended, and joins summaries until one is left.
   *
   * @param carried a summary that found no other to be joined with, at most one
   */
  private void reduce(List<EngineCall> ended, List<String> carried) {
    if (!takeIn(ended)) {
      return;
    }
    List<String> summaries = new ArrayList<>(findings.drainSummaries());
    summaries.addAll(carried);
    if (summaries.size() <= 1) {
      finish(summaries.isEmpty() ? "" : summaries.getFirst(), true);
      return;
    }
    Task.Summarise task = shared.prompts().summarise().orElseThrow();
    List<EngineCall> calls = new ArrayList<>();
    List<String> alone = new ArrayList<>();
    for (List<String> group : shared.prompts().summaryGroups(summaries)) {
      if (group.size() > 1) {
        calls.add(shared.prompts().reduceCall(task, group));
      } else {
        alone.addAll(group);
      }
    }
    submit(calls, () -> reduce(calls, alone));
  }

  private boolean takeIn(List<EngineCall> ended) {
    Optional<Failed> failure =
        ended.stream()
            .flatMap(call -> call.failures().stream())
            .min(Comparator.comparingInt(failed -> gravity(failed.reason())));
    if (failure.isPresent()) {
      fail(failure.get());
      return false;
    }
    if (ended.stream().anyMatch(call -> call.usage().isEmpty())) {
      defer(Deferral.Kind.CANCELLED, "cancelled before all of it was asked about");
      return false;
    }
    for (EngineCall call : ended) {
      usage.add(call);
      for (int i = 0; i < call.asks().size(); i++) {
        var branch = call.result(i).usage();
        String field = call.asks().get(i).task().field();
        shared.metrics().branch(field, branch.suffixTokens(), branch.generatedTokens());
      }
      Optional<Rejected> fault = findings.take(call);
      if (fault.isPresent()) {
        deliver(fault.get());
        return false;
      }
    }
    return true;
  }

  /** Which of several failures is told: a verdict on the document first, its own doing last. */
  private static int gravity(BranchResult.Reason reason) {
    return switch (reason) {
      case TOO_LONG, INVALID_REQUEST -> 0;
      case ENGINE_FAILED, ENGINE_CLOSED -> 1;
      case OVERLOADED -> 2;
      case DEADLINE -> 3;
      case CANCELLED -> 4;
    };
  }

  private void fail(Failed failed) {
    switch (failed.reason()) {
      case TOO_LONG -> deliver(new Rejected(RejectReason.TOO_LONG, failed.message()));
      case INVALID_REQUEST -> deliver(new Rejected(RejectReason.INTERNAL_ERROR, failed.message()));
      case ENGINE_FAILED, ENGINE_CLOSED -> defer(Deferral.Kind.ENGINE_LOST, failed.message());
      case OVERLOADED -> defer(Deferral.Kind.OVERLOADED, failed.message());
      case DEADLINE -> defer(Deferral.Kind.DEADLINE, failed.message());
      case CANCELLED -> defer(Deferral.Kind.CANCELLED, failed.message());
    }
  }

  /**
   * Submits calls; when all have ended, goes on with {@code next}. Once one has failed at once, the
   * rest is not submitted and what was submitted is cancelled.
   */
  private void submit(List<EngineCall> calls, Runnable next) {
    handles.clear();
    InferenceEngine engine = shared.engine();
    AtomicInteger open = new AtomicInteger(calls.size() + 1);
    Runnable ended =
        () -> {
          if (open.decrementAndGet() == 0) {
            onExecutor(next);
          }
        };
    int submitted = 0;
    for (EngineCall call : calls) {
      if (cancelled || calls.subList(0, submitted).stream().anyMatch(EngineCall::failed)) {
        break;
      }
      call.whenEnded(ended);
      handles.add(engine.submit(call.request(owner, deadlineNanos), call));
      submitted++;
    }
    if (submitted < calls.size() || cancelled) {
      handles.forEach(RequestHandle::cancel);
    }
    int skipped = calls.size() - submitted;
    if (open.addAndGet(-skipped - 1) == 0) {
      onExecutor(next);
    }
  }

  private void finish(String summary, boolean read) {
    String text = document.text();
    List<Span> spans =
        read
            ? parts.stream().map(part -> new Span(part.part().start(), part.part().end())).toList()
            : List.of();
    List<Warning> warnings = findings.warnings();
    warnings.forEach(shared.metrics()::warning);
    Enrichment enrichment =
        new Enrichment(
            document,
            DocumentCheck.sha256(text),
            summary.isEmpty() ? Optional.empty() : Optional.of(summary),
            findings.classification(),
            findings.translations(),
            findings.safety(),
            warnings,
            Coverage.of(text.length(), spans),
            usage.total(read ? parts : List.of()),
            shared.provenance(attempt),
            shared.clock().instant());
    boolean unsafe = enrichment.safety().filter(safety -> !safety.safe()).isPresent();
    deliver(unsafe ? new Quarantined(enrichment) : new Enriched(enrichment));
  }

  private void onExecutor(Runnable step) {
    try {
      shared.executor().execute(() -> guarded(step));
    } catch (RejectedExecutionException e) {
      defer(Deferral.Kind.ENGINE_LOST, "the enricher is closed");
    }
  }

  /** A step that breaks must not leave its document without an answer. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (TokenizerException e) {
      cancel();
      deliver(
          new Rejected(
              RejectReason.INVALID_DOCUMENT,
              "the model's chat template does not take the text: " + e.problem()));
    } catch (RuntimeException e) {
      LOG.error("cannot enrich document {}: a fault of this software", document.id(), trace(e));
      cancel();
      deliver(
          new Rejected(
              RejectReason.INTERNAL_ERROR, "fault while enriching: " + e.getClass().getName()));
    } catch (Error e) {
      cancel();
      defer(Deferral.Kind.ENGINE_LOST, "fault while enriching: " + e.getClass().getName());
      throw e;
    }
  }

  /** Where it happened, without the message: a message of others may quote the document. */
  private static Throwable trace(RuntimeException fault) {
    Throwable trace = new IllegalStateException(fault.getClass().getName());
    trace.setStackTrace(fault.getStackTrace());
    return trace;
  }

  private void deliver(Outcome outcome) {
    tell(() -> listener.onOutcome(outcome));
  }

  private void defer(Deferral.Kind kind, String message) {
    tell(() -> listener.onDeferred(new Deferral(kind, message)));
  }

  private void tell(Runnable call) {
    if (!done.compareAndSet(false, true)) {
      return;
    }
    whenDone.accept(this);
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.error("the listener of document {} threw", document.id(), trace(e));
    }
  }
}
