package dev.millrace.enrichment;

import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Task.Classify;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One of several labels: their scores are averaged over the parts, weighted by tokens. */
record ClassifyQuestion(Classify task) implements Question {

  @Override
  public List<String> instructions() {
    return List.of(task.instruction());
  }

  @Override
  public List<String> alternatives() {
    return task.labels().stream().map(Task.Label::text).toList();
  }

  @Override
  public List<Ask> asks(int number, Wording wording, String language) {
    return List.of(wording.scores(task, number));
  }

  @Override
  public Finding finding(List<PartPrompt> parts) {
    return new Scores(task, parts);
  }

  private static final class Scores implements Finding {
    private final Classify task;
    private final List<PartPrompt> parts;
    private final long tokens;
    private double @Nullable [] sums;

    Scores(Classify task, List<PartPrompt> parts) {
      this.task = task;
      this.parts = parts;
      this.tokens = parts.stream().mapToLong(PartPrompt::tokens).sum();
    }

    @Override
    public void take(Ask ask, double[] logProbabilities, int part) {
      double[] added = sums == null ? new double[logProbabilities.length] : sums;
      double weight = parts.size() == 1 ? 1 : (double) parts.get(part).tokens() / tokens;
      for (int i = 0; i < added.length; i++) {
        added[i] += weight * logProbabilities[i];
      }
      sums = added;
    }

    @Override
    public void fill(AnswerSheet sheet) {
      if (sums != null) {
        sheet.classification(task, Calibration.classify(task, sums));
      }
    }
  }
}
