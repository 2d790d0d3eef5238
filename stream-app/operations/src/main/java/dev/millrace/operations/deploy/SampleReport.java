package dev.millrace.operations.deploy;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.records.Decoded;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a sample of an input turned out to be: kinds, counts and lengths, never a content. Owned by
 * one thread.
 */
public final class SampleReport {
  private int records;
  private int documents;
  private int deletions;

  /** What was found first of each field, in the order of a document's fields. */
  private final Map<String, String> found = new LinkedHashMap<>();

  private final Map<String, Integer> faults = new TreeMap<>();

  /** Nothing yet. */
  public SampleReport() {
    for (String field :
        List.of("id", "text", "language", "title", "source", "tenant", "createdAt")) {
      found.put(field, "");
    }
  }

  /**
   * Takes a record in.
   *
   * @param timestamp of the record, which a document has that states no time
   */
  void add(Decoded decoded, long timestamp) {
    records++;
    switch (decoded) {
      case Decoded.Success(Document document) -> add(document, timestamp);
      case Decoded.Deletion _ -> deletions++;
      case Decoded.Invalid(var reason, String message) -> fault(reason + ": " + message);
      case Decoded.Deferred(Deferral deferral) ->
          fault(deferral.cause() + ": " + deferral.message());
    }
  }

  private void add(Document document, long timestamp) {
    documents++;
    text("id", document.id());
    text("text", document.text());
    text("language", document.language());
    text("title", document.title());
    text("source", document.source());
    text("tenant", document.tenant());
    if (document.createdAt().toEpochMilli() != timestamp) {
      found.put("createdAt", "a time");
    }
    document.attributes().forEach((name, value) -> text("attributes." + name, value));
  }

  private void text(String field, String value) {
    if (!value.isEmpty() && found.getOrDefault(field, "").isEmpty()) {
      found.put(
          field,
          String.format(
              Locale.ROOT, "a text of %,d characters", value.codePointCount(0, value.length())));
    }
  }

  private void fault(String message) {
    faults.merge(message, 1, Integer::sum);
  }

  /** How many records were read. */
  public int records() {
    return records;
  }

  /** Whether a record is neither a document nor a deletion. */
  public boolean hasFaults() {
    return !faults.isEmpty();
  }

  /**
   * One line for the whole and one for each field and each kind of fault.
   *
   * @param input name of the input
   */
  public List<String> lines(String input) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "input %s: %d records, %d documents, %d deletions, %d faults",
            input,
            records,
            documents,
            deletions,
            records - documents - deletions));
    if (documents > 0) {
      found.forEach((field, first) ->
          lines.add(
              String.format(
                  Locale.ROOT, "  %-12s %s", field, first.isEmpty() ? "in none of them" : first)));
    }
    faults.forEach(
        (message, count) -> lines.add(String.format(Locale.ROOT, "  %d times %s", count, message)));
    return lines;
  }
}
