package dev.millrace.enrichment;

import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import dev.millrace.enrichment.Task.Translate;
import java.util.List;

/** A translation: those of the parts are joined with the white space that separates the parts. */
record TranslateQuestion(Translate task) implements Question {

  @Override
  public List<String> instructions() {
    return List.of(task.instruction());
  }

  @Override
  public int generatedTokensMax() {
    return task.tokensMax();
  }

  @Override
  public List<Ask> asks(int number, Wording wording, String language) {
    return task.appliesTo(language)
        ? List.of(wording.text(task, Role.TEXT, task.tokensMax(wording.partTokens())))
        : List.of();
  }

  @Override
  public Finding finding(List<PartPrompt> parts) {
    return new Joined(task, parts);
  }

  private static final class Joined implements Finding {
    private final Translate task;
    private final List<PartPrompt> parts;
    private final StringBuilder joined = new StringBuilder();

    Joined(Translate task, List<PartPrompt> parts) {
      this.task = task;
      this.parts = parts;
    }

    @Override
    public void take(Ask ask, String text, int part) {
      joined.append(text);
      if (part < parts.size() - 1) {
        joined.append(parts.get(part).part().separator());
      }
    }

    @Override
    public void fill(AnswerSheet sheet) {
      if (!joined.isEmpty()) {
        sheet.translation(task, joined.toString().strip());
      }
    }
  }
}
