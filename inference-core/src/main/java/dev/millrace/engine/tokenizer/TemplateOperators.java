package dev.millrace.engine.tokenizer;

import java.util.Set;

/**
 * Puts brackets where Jinja's {@code not} ends. In Jinja it binds looser than {@code is}, {@code
 * in} and comparisons, in our template engine tighter, so that {@code not tools is defined} would
 * mean {@code (not tools) is defined}.
 */
final class TemplateOperators {

  private static final Set<String> LOOSER = Set.of("and", "or", "if", "else");

  private TemplateOperators() {}

  /** The inside of a tag with every unary {@code not} and its operand bracketed. */
  static String grouped(String code) {
    StringBuilder out = new StringBuilder(code);
    for (int at = lastWord(out, "not", out.length()); at >= 0; at = lastWord(out, "not", at)) {
      boolean binary =
          wordBefore(out, at).equals("is") || wordAt(out, skipSpace(out, at + 3)).equals("in");
      if (!binary) {
        out.insert(operandEnd(out, at + 3), ')');
        out.insert(at + 3, " (");
      }
    }
    return out.toString();
  }

  /** Where the operand that begins at {@code from} ends. */
  private static int operandEnd(CharSequence code, int from) {
    int depth = 0;
    for (int i = from; i < code.length(); i++) {
      char character = code.charAt(i);
      if (character == '"' || character == '\'') {
        i = stringEnd(code, i);
      } else if ("([{".indexOf(character) >= 0) {
        depth++;
      } else if (")]}".indexOf(character) >= 0 || (character == ',' && depth == 0)) {
        if (depth == 0) {
          return i;
        }
        depth--;
      } else if (isWord(character)) {
        String word = wordAt(code, i);
        if (depth == 0 && LOOSER.contains(word)) {
          return i;
        }
        i += word.length() - 1;
      }
    }
    return code.length();
  }

  /** Start of the last such word before {@code before} and outside strings, or -1. */
  private static int lastWord(CharSequence code, String wanted, int before) {
    int found = -1;
    for (int i = 0; i < before; i++) {
      char character = code.charAt(i);
      if (character == '"' || character == '\'') {
        i = stringEnd(code, i);
      } else if (isWord(character)) {
        String word = wordAt(code, i);
        boolean member = i > 0 && code.charAt(i - 1) == '.';
        if (word.equals(wanted) && !member) {
          found = i;
        }
        i += word.length() - 1;
      }
    }
    return found;
  }

  /** Position of the quote that ends the string begun at {@code start}, or the last position. */
  private static int stringEnd(CharSequence code, int start) {
    for (int i = start + 1; i < code.length(); i++) {
      if (code.charAt(i) == '\\') {
        i++;
      } else if (code.charAt(i) == code.charAt(start)) {
        return i;
      }
    }
    return code.length();
  }

  private static int skipSpace(CharSequence code, int from) {
    int i = from;
    while (i < code.length() && Character.isWhitespace(code.charAt(i))) {
      i++;
    }
    return i;
  }

  private static String wordAt(CharSequence code, int from) {
    int end = from;
    while (end < code.length() && isWord(code.charAt(end))) {
      end++;
    }
    return from >= code.length() ? "" : code.subSequence(from, end).toString();
  }

  private static String wordBefore(CharSequence code, int from) {
    int end = from;
    while (end > 0 && Character.isWhitespace(code.charAt(end - 1))) {
      end--;
    }
    int start = end;
    while (start > 0 && isWord(code.charAt(start - 1))) {
      start--;
    }
    return code.subSequence(start, end).toString();
  }

  private static boolean isWord(char character) {
    return Character.isLetterOrDigit(character) || character == '_';
  }
}
