package dev.millrace.enrichment;

import dev.millrace.enrichment.Task.Label;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the labels of a classification. Owned by the reading thread. */
final class LabelReader {
  private final List<String> problems;
  private final Map<String, Integer> lines = new LinkedHashMap<>();

  LabelReader(List<String> problems) {
    this.problems = problems;
  }

  /** Labels that are whole and given once, in their order. */
  List<Label> labels(YamlSection section) {
    List<Label> labels = new ArrayList<>();
    List<YamlNode> items = section.items("labels");
    for (int i = 0; i < items.size(); i++) {
      YamlNode item = items.get(i);
      String path = String.format(Locale.ROOT, "%s[%d]", section.full("labels"), i);
      label(item, path)
          .ifPresent(read -> {
            boolean named = isNew("name", read.name(), item.line());
            boolean scored = isNew("text", read.text(), item.line());
            if (named && scored) {
              labels.add(read);
            }
          });
    }
    return labels;
  }

  private boolean isNew(String what, String word, int line) {
    @Nullable Integer earlier = lines.putIfAbsent(what + " " + word, line);
    if (earlier != null) {
      problems.add(
          String.format(
              Locale.ROOT,
              "line %d: label %s %s is given twice, first on line %d",
              line,
              what,
              word,
              earlier));
    }
    return earlier == null;
  }

  private Optional<Label> label(YamlNode item, String path) {
    return switch (item) {
      case YamlNode.Scalar scalar when !scalar.text().isBlank() ->
          Optional.of(new Label(scalar.text(), scalar.text()));
      case YamlNode.Mapping mapping -> {
        YamlSection section = new YamlSection(path, mapping, problems);
        String name = section.text("name");
        String text = section.text("text", name);
        section.finish();
        yield section.built(() -> new Label(name, text));
      }
      default -> {
        problems.add(
            String.format(
                Locale.ROOT,
                "line %d: %s must be a text or a mapping with name and text",
                item.line(),
                path));
        yield Optional.empty();
      }
    };
  }
}
