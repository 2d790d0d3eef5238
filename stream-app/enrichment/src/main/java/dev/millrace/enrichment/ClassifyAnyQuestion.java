package dev.millrace.enrichment;

import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Task.ClassifyAny;
import java.util.ArrayList;
import java.util.List;

/**
 * Any number of labels: a branch for each, whose answer is yes or no. A label applies to a document
 * as much as to the part it applies to most: a part without it says nothing against it.
 */
record ClassifyAnyQuestion(ClassifyAny task) implements Question {
  private static final int YES = 0;
  private static final int NO = 1;

  @Override
  public List<String> instructions() {
    return task.labels().stream().map(task::instruction).toList();
  }

  @Override
  public List<String> alternatives() {
    return List.of(task.yesText(), task.noText());
  }

  @Override
  public List<Ask> asks(int number, Wording wording, String language) {
    return List.of(wording.scores(task, number));
  }

  @Override
  public Finding finding(List<PartPrompt> parts) {
    return new YesOrNo(task);
  }

  private static final class YesOrNo implements Finding {
    private final ClassifyAny task;

    /** The pair of the part that says yes the most, by label; no pair before the first part. */
    private final List<double[]> answers = new ArrayList<>();

    YesOrNo(ClassifyAny task) {
      this.task = task;
    }

    @Override
    public void take(Ask ask, double[] logProbabilities, int part) {
      if (ask.number() == answers.size()) {
        answers.add(logProbabilities);
      } else if (odds(logProbabilities) > odds(answers.get(ask.number()))) {
        answers.set(ask.number(), logProbabilities);
      }
    }

    private static double odds(double[] logProbabilities) {
      return logProbabilities[YES] - logProbabilities[NO];
    }

    @Override
    public void fill(AnswerSheet sheet) {
      if (!answers.isEmpty()) {
        sheet.classification(task, Calibration.classify(task, answers));
      }
    }
  }
}
