package dev.millrace.streams.processor;

import dev.millrace.enrichment.Answers;
import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Enrichment;
import dev.millrace.enrichment.Enrichment.DocumentLanguage.Basis;
import dev.millrace.enrichment.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/** Answers when the test says so. */
final class FakeEnricher implements Enricher {

  record Submission(
      Object owner, Document document, int attempt, long deadlineNanos, OutcomeListener listener) {}

  final List<Submission> submissions = new ArrayList<>();
  final List<Object> cancelled = new ArrayList<>();

  @Override
  public void submit(
      Object owner, Document document, int attempt, long deadlineNanos, OutcomeListener listener) {
    if (document.text().equals("breaks")) {
      throw new IllegalStateException("quotes the document: " + document.text());
    }
    submissions.add(new Submission(owner, document, attempt, deadlineNanos, listener));
  }

  @Override
  public void cancelAll(Object owner) {
    cancelled.add(owner);
  }

  @Override
  public void close() {}

  List<String> texts() {
    return submissions.stream().map(submission -> submission.document().text()).toList();
  }

  /** Answers the latest submission of a text. */
  void enrich(String text) {
    latest(text).listener().onOutcome(new Outcome.Enriched(enrichment(latest(text))));
  }

  void quarantine(String text) {
    latest(text).listener().onOutcome(new Outcome.Quarantined(enrichment(latest(text))));
  }

  void answer(String text, Outcome outcome) {
    latest(text).listener().onOutcome(outcome);
  }

  void defer(String text, Deferral.Cause kind) {
    latest(text).listener().onDeferred(new Deferral(kind, "test says " + kind));
  }

  void enrichAll() {
    List.copyOf(submissions)
        .forEach(submission ->
            submission.listener().onOutcome(new Outcome.Enriched(enrichment(submission))));
  }

  Submission latest(String text) {
    return submissions.stream()
        .filter(submission -> submission.document().text().equals(text))
        .reduce((earlier, later) -> later)
        .orElseThrow(() -> new AssertionError("not submitted: " + text + ", only " + texts()));
  }

  private static Enrichment enrichment(Submission submission) {
    return Enrichments.of(submission.document(), submission.attempt());
  }

  /** Enrichments with nothing but a summary. */
  static final class Enrichments {
    private Enrichments() {}

    static Enrichment of(Document document, int attempt) {
      return new Enrichment(
          document,
          "00",
          Optional.empty(),
          new Enrichment.DocumentLanguage("en", Basis.ASSUMED),
          Answers.ofSummary("summary of " + document.text()),
          List.of(),
          new Enrichment.Coverage(document.text().length(), List.of(), 1.0),
          new Enrichment.Usage(1, 1, 0, 1, 1, 0, 0, OptionalDouble.empty(), OptionalDouble.empty()),
          new Enrichment.Provenance("p", "e", Map.of(), Map.of()),
          attempt,
          Instant.EPOCH);
    }
  }
}
