package dev.millrace.engine.template;

import dev.millrace.engine.template.Text.Run;
import java.util.ArrayList;
import java.util.List;

/** Puts texts together and keeps track of content. Not thread-safe. */
final class TextBuilder {
  private final StringBuilder string = new StringBuilder();
  private final List<Run> runs = new ArrayList<>();

  /** The template's own characters. */
  TextBuilder append(String own) {
    string.append(own);
    return this;
  }

  TextBuilder append(Text text) {
    return append(text, 0, text.string().length());
  }

  /** Characters between two positions of a text. */
  TextBuilder append(Text text, int from, int to) {
    int shift = string.length() - from;
    string.append(text.string(), from, to);
    List<Run> all = text.runs();
    for (int i = text.firstRun(from); i < all.size() && all.get(i).start() <= to; i++) {
      Run run = all.get(i);
      int start = Math.max(run.start(), from);
      int end = Math.min(run.end(), to);
      if (start == end && run.start() != run.end()) {
        continue;
      }
      int first = run.linear() ? run.from() + start - run.start() : run.from();
      int last = run.linear() ? run.to() + end - run.end() : run.to();
      add(new Run(start + shift, end + shift, run.source(), first, last));
    }
    return this;
  }

  /**
   * Other characters in the place of those between two positions: they count as the content that
   * was there, if any was.
   */
  TextBuilder appendEdited(String edited, Text text, int from, int to) {
    int start = string.length();
    string.append(edited);
    List<Run> all = text.runs();
    int end = string.length();
    for (int i = text.firstRun(from); i < all.size() && all.get(i).start() < to; i++) {
      Run run = all.get(i);
      int first = Math.max(run.start(), from);
      int last = Math.min(run.end(), to);
      if (first < last) {
        int shift = run.from() - run.start();
        add(
            new Run(
                start,
                end,
                run.source(),
                run.linear() ? first + shift : run.from(),
                run.linear() ? last + shift : run.to()));
        start = end;
      }
    }
    return this;
  }

  private void add(Run run) {
    if (!runs.isEmpty()) {
      Run last = runs.getLast();
      if (last.end() == run.start()
          && last.source() == run.source()
          && last.to() == run.from()
          && last.linear()
          && run.linear()) {
        run = new Run(last.start(), run.end(), run.source(), last.from(), run.to());
        runs.removeLast();
      }
    }
    runs.add(run);
  }

  int length() {
    return string.length();
  }

  Text text() {
    return new Text(string.toString(), List.copyOf(runs), false);
  }
}
