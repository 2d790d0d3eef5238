package dev.millrace.cli.demo;

import dev.millrace.enrichment.Outcome;
import dev.millrace.records.SourcePosition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What came out, held against what went in: every document exactly once, and nothing else. Owned by
 * the thread of the command.
 */
final class Outcomes {

  /**
   * One outcome that was read from a topic.
   *
   * @param source position of the document it belongs to
   * @param id the document's
   * @param outcome what became of it
   */
  record Seen(SourcePosition source, String id, Outcome outcome) {}

  private final Map<SourcePosition, String> expected = new LinkedHashMap<>();
  private final Map<SourcePosition, Seen> seen = new LinkedHashMap<>();
  private final List<String> faults = new ArrayList<>();

  /** A document was written and acknowledged. */
  void produced(SourcePosition position, String id) {
    expected.put(position, id);
  }

  /**
   * An outcome was read.
   *
   * @return whether it is the first of its document
   */
  boolean add(Seen outcome) {
    Seen earlier = seen.putIfAbsent(outcome.source(), outcome);
    if (earlier != null) {
      faults.add("document %s at %s came out twice".formatted(outcome.id(), outcome.source()));
    }
    return earlier == null;
  }

  /** Documents with an outcome. */
  int size() {
    return seen.size();
  }

  /** In the order they were read. */
  List<Seen> all() {
    return List.copyOf(seen.values());
  }

  /** What contradicts exactly-once, one line each; complete once all is read. */
  List<String> faults() {
    List<String> all = new ArrayList<>(faults);
    Set<String> missing = new TreeSet<>();
    expected.forEach((position, id) -> {
      if (!seen.containsKey(position)) {
        missing.add("document %s at %s has no outcome".formatted(id, position));
      }
    });
    all.addAll(missing);
    seen.forEach((position, outcome) -> {
      String id = expected.get(position);
      if (id == null) {
        all.add("an outcome names %s, where nothing was written".formatted(position));
      } else if (!id.equals(outcome.id())) {
        all.add("the outcome of %s at %s names %s".formatted(id, position, outcome.id()));
      }
    });
    return all;
  }
}
