package dev.millrace.enrichment;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.tokenizer.TokenizerException;
import dev.millrace.enrichment.Enricher.OutcomeListener;
import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Enrichment.Warning;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Quarantined;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.Plan.Beyond;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Submissions.Submission;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One document on its way through the engines: split, asked about, reduced, answered. Its steps run
 * one after the other on the enricher's executor; {@link #cancel} may come from any thread.
 */
final class DocumentJob {
  private static final Logger LOG = LoggerFactory.getLogger(DocumentJob.class);

  private final EngineEnricher.Shared shared;
  private final Object owner;
  private final Document document;
  private final int attempt;
  private final OutcomeListener listener;
  private final Consumer<DocumentJob> whenDone;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Submissions submissions;
  private final UsageMeter usage;
  private final Set<Warning> warnings = new LinkedHashSet<>();
  private List<Findings> readings = List.of();

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
    this.listener = listener;
    this.whenDone = whenDone;
    this.submissions = new Submissions(owner, deadlineNanos);
    this.usage = new UsageMeter(shared.plan().prices());
  }

  Object owner() {
    return owner;
  }

  void start() {
    onExecutor(this::ask);
  }

  /** Gives the document up: its listener hears of it soon, unless it has already heard. */
  void cancel() {
    submissions.cancel();
  }

  /** Answers for a document whose engine calls will not be heard of any more. */
  void abandon() {
    submissions.cancel();
    defer(Deferral.Cause.ENGINE_LOST, "the enricher was closed");
  }

  private void ask() {
    if (submissions.cancelled()) {
      defer(Deferral.Cause.CANCELLED, "cancelled before it was asked about");
      return;
    }
    Optional<Rejected> fault = DocumentCheck.fault(document);
    if (fault.isPresent()) {
      deliver(fault.get());
      return;
    }
    List<Findings> all = new ArrayList<>();
    for (Asker asker : shared.askers().values()) {
      Plan plan = shared.plan();
      Findings reading = new Findings(asker, plan.flawedAnswers(), warnings, document);
      if (reading.end() < document.text().length() && plan.documents().beyond() == Beyond.REJECT) {
        deliver(tooLong(reading));
        return;
      }
      all.add(reading);
    }
    DocumentLanguage language = shared.plan().languageOf(document);
    if (language.basis() == Basis.ASSUMED && !document.language().isBlank()) {
      warnings.add(new Warning(Warning.Code.LANGUAGE_ASSUMED, "language"));
    }
    List<Submission> calls = new ArrayList<>();
    for (Findings reading : all) {
      reading.calls(language.used()).forEach(call -> calls.add(new Submission(reading, call)));
    }
    readings = all.stream().filter(reading -> !reading.asked().isEmpty()).toList();
    submit(calls);
  }

  private Rejected tooLong(Findings reading) {
    return new Rejected(
        RejectReason.TOO_LONG,
        String.format(
            Locale.ROOT,
            ("the text has %d characters; %d parts of %d tokens, as many as the plan reads,"
                + " end at character %d: raise documents.partsMax or set documents.beyond"),
            document.text().length(),
            reading.parts().size(),
            reading.asker().prompts().partTokensMax(),
            reading.end()));
  }

  private void submit(List<Submission> calls) {
    if (calls.isEmpty()) {
      finish();
    } else {
      submissions.submit(calls, () -> onExecutor(() -> reduce(calls)));
    }
  }

  /** Takes in calls that ended, and asks on until each task has one answer. */
  private void reduce(List<Submission> ended) {
    if (!takeIn(ended)) {
      return;
    }
    List<Submission> calls = new ArrayList<>();
    for (Findings reading : readings) {
      reading.reductions().forEach(call -> calls.add(new Submission(reading, call)));
    }
    submit(calls);
  }

  private boolean takeIn(List<Submission> ended) {
    Optional<Failed> failure =
        ended.stream()
            .flatMap(each -> each.call().failures().stream())
            .min(Comparator.comparingInt(failed -> gravity(failed.reason())));
    if (failure.isPresent()) {
      fail(failure.get());
      return false;
    }
    if (ended.stream().anyMatch(each -> each.call().usage().isEmpty())) {
      defer(Deferral.Cause.CANCELLED, "cancelled before all of it was asked about");
      return false;
    }
    for (Submission each : ended) {
      EngineCall call = each.call();
      usage.add(call);
      for (int i = 0; i < call.asks().size(); i++) {
        var branch = call.result(i).usage();
        String task = call.asks().get(i).task().name();
        shared.metrics().branch(task, branch.suffixTokens(), branch.generatedTokens());
      }
      Optional<Rejected> fault = each.findings().take(call);
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
      case ENGINE_FAILED, ENGINE_CLOSED -> defer(Deferral.Cause.ENGINE_LOST, failed.message());
      case OVERLOADED -> defer(Deferral.Cause.OVERLOADED, failed.message());
      case DEADLINE -> defer(Deferral.Cause.DEADLINE, failed.message());
      case CANCELLED -> defer(Deferral.Cause.CANCELLED, failed.message());
    }
  }

  private void finish() {
    String text = document.text();
    AnswerSheet sheet = new AnswerSheet();
    Set<Task> asked = new LinkedHashSet<>();
    for (Task task : shared.plan().tasks()) {
      for (Findings reading : readings) {
        if (reading.asked().contains(task)) {
          reading.finding(task).fill(sheet);
          asked.add(task);
        }
      }
    }
    warnings.forEach(shared.metrics()::warning);
    Enrichment enrichment =
        new Enrichment(
            document,
            DocumentCheck.sha256(text),
            Optional.empty(),
            shared.plan().languageOf(document),
            sheet.answers(shared.plan()),
            List.copyOf(warnings),
            Coverage.of(text.length(), spans()),
            usage.total(documentTokens()),
            shared.stamp().provenance(asked),
            attempt,
            shared.clock().instant().truncatedTo(ChronoUnit.MILLIS));
    boolean unsafe = enrichment.safety().filter(safety -> !safety.safe()).isPresent();
    deliver(unsafe ? new Quarantined(enrichment) : new Enriched(enrichment));
  }

  /** What was read by all models: those of the one that came least far. */
  private List<Span> spans() {
    return readings.stream()
        .min(Comparator.comparingInt(Findings::end))
        .map(Findings::parts)
        .orElse(List.of())
        .stream()
        .map(part -> new Span(part.part().start(), part.part().end()))
        .toList();
  }

  private int documentTokens() {
    return readings.stream()
        .flatMap(reading -> reading.parts().stream())
        .mapToInt(PartPrompt::tokens)
        .sum();
  }

  private void onExecutor(Runnable step) {
    try {
      shared.executor().execute(() -> guarded(step));
    } catch (RejectedExecutionException e) {
      defer(Deferral.Cause.ENGINE_LOST, "the enricher is closed");
    }
  }

  /** A step that breaks must not leave its document without an answer. */
  private void guarded(Runnable step) {
    try {
      step.run();
    } catch (DocumentException e) {
      cancel();
      deliver(e.rejected());
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
      defer(Deferral.Cause.ENGINE_LOST, "fault while enriching: " + e.getClass().getName());
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

  private void defer(Deferral.Cause kind, String message) {
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
