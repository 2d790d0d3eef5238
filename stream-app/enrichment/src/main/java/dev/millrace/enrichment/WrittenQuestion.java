package dev.millrace.enrichment;

import dev.millrace.enrichment.Ask.Role;
import dev.millrace.enrichment.PromptBook.PartPrompt;
import java.util.ArrayList;
import java.util.List;

/** A summary or another text about a document: texts about parts are reduced until one is left. */
record WrittenQuestion(Task.Written task) implements Question {

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
    return List.of(wording.text(task, Role.TEXT, task.tokensMax()));
  }

  @Override
  public Finding finding(List<PartPrompt> parts) {
    return new Texts(task);
  }

  private static final class Texts implements Finding {
    private final Task.Written task;
    private final List<String> texts = new ArrayList<>();

    /** A text that found no other to be joined with, at most one. */
    private final List<String> alone = new ArrayList<>();

    Texts(Task.Written task) {
      this.task = task;
    }

    @Override
    public void take(Ask ask, String text, int part) {
      texts.add(text);
    }

    @Override
    public List<EngineCall> reductions(PromptBook prompts) {
      if (texts.size() + alone.size() <= 1) {
        return List.of();
      }
      List<String> all = new ArrayList<>(texts);
      all.addAll(alone);
      texts.clear();
      alone.clear();
      List<EngineCall> calls = new ArrayList<>();
      for (List<String> group : prompts.groups(all)) {
        if (group.size() > 1) {
          calls.add(prompts.reduceCall(task, group));
        } else {
          alone.addAll(group);
        }
      }
      return calls;
    }

    @Override
    public void fill(AnswerSheet sheet) {
      if (!texts.isEmpty()) {
        sheet.text(task, texts.getFirst());
      }
    }
  }
}
