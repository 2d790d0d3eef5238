package dev.millrace.enrichment;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model reads of a document: its text, and fields of it around the text. <code>{title}
 * </code> stands for a field, <code>{{</code> and <code>}}</code> for braces. A line whose fields
 * are all empty is left out. What is put in is never looked through again. Immutable.
 *
 * @param text as the plan has it; empty for the document's text alone
 */
public record DocumentTemplate(String text) {
  /** The document's text alone. */
  public static final DocumentTemplate NONE = new DocumentTemplate("");

  private static final Pattern PIECE = Pattern.compile("\\{\\{|}}|\\{([^{}\\n]*)}|[{}]|[^{}]+");
  private static final String TEXT = "text";
  private static final String ATTRIBUTE = "attributes.";
  private static final List<String> FIELDS =
      List.of(TEXT, "id", "title", "source", "language", "tenant");

  /** A piece of a line: letters, or the name of a field. */
  private record Piece(String text, boolean field) {}

  /**
   * Refuses one that names an unknown field, or not the text exactly once.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  public DocumentTemplate {
    if (!text.isEmpty()) {
      List<Piece> pieces = text.lines().flatMap(line -> pieces(line).stream()).toList();
      for (Piece piece : pieces) {
        if (piece.field() && !isField(piece.text())) {
          throw new IllegalArgumentException(
              "documents.template: {%s} is no field of a document; there are {%s} and"
                      .formatted(piece.text(), String.join("}, {", FIELDS))
                  + " {attributes.NAME}, and {{ is a brace");
        }
      }
      long texts = pieces.stream().filter(DocumentTemplate::isText).count();
      if (texts != 1) {
        throw new IllegalArgumentException(
            "documents.template: must hold {text} exactly once, so that it can be split into parts");
      }
    }
  }

  /**
   * What stands around a document's text.
   *
   * @param before the text
   * @param after the text
   */
  record Frame(String before, String after) {
    String around(String part) {
      return before + part + after;
    }

    boolean isEmpty() {
      return before.isEmpty() && after.isEmpty();
    }
  }

  /** What stands around the text of a document; the same around each of its parts. */
  Frame frame(Document document) {
    if (text.isEmpty()) {
      return new Frame("", "");
    }
    StringBuilder before = new StringBuilder();
    StringBuilder after = new StringBuilder();
    StringBuilder filled = before;
    boolean isFirst = true;
    for (String line : text.split("\n", -1)) {
      List<Piece> pieces = pieces(line);
      if (isLeftOut(pieces, document)) {
        continue;
      }
      filled.append(isFirst ? "" : "\n");
      isFirst = false;
      for (Piece piece : pieces) {
        if (isText(piece)) {
          filled = after;
        } else {
          filled.append(piece.field() ? value(piece.text(), document) : piece.text());
        }
      }
    }
    return new Frame(before.toString(), after.toString());
  }

  private static boolean isLeftOut(List<Piece> pieces, Document document) {
    List<Piece> fields = pieces.stream().filter(Piece::field).toList();
    return !fields.isEmpty()
        && fields.stream()
            .allMatch(field -> !isText(field) && value(field.text(), document).isEmpty());
  }

  private static List<Piece> pieces(String line) {
    List<Piece> pieces = new ArrayList<>();
    Matcher matcher = PIECE.matcher(line);
    while (matcher.find()) {
      String field = matcher.group(1);
      String found = matcher.group();
      if (field != null) {
        pieces.add(new Piece(field, true));
      } else if (found.equals("{") || found.equals("}")) {
        throw new IllegalArgumentException(
            "documents.template: a single %s; write %s%s for a brace"
                .formatted(found, found, found));
      } else {
        pieces.add(
            new Piece(
                found.equals("{{") || found.equals("}}") ? found.substring(1) : found, false));
      }
    }
    return pieces;
  }

  private static boolean isText(Piece piece) {
    return piece.field() && piece.text().equals(TEXT);
  }

  private static boolean isField(String name) {
    return FIELDS.contains(name)
        || (name.startsWith(ATTRIBUTE) && name.length() > ATTRIBUTE.length());
  }

  private static String value(String field, Document document) {
    return switch (field) {
      case "id" -> document.id();
      case "title" -> document.title();
      case "source" -> document.source();
      case "language" -> document.language();
      case "tenant" -> document.tenant();
      default ->
          Optional.ofNullable(document.attributes().get(field.substring(ATTRIBUTE.length())))
              .orElse("");
    };
  }
}
