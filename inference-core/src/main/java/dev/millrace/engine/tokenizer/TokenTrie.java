package dev.millrace.engine.tokenizer;

import java.util.Arrays;

/**
 * A set of texts with a number each, to find the longest one that begins at a place. Works on
 * UTF-16 units, which is exact for text without lone surrogates. Filled first, then thread-safe.
 */
final class TokenTrie {

  private static final char[] NO_UNITS = {};
  private static final int[] NO_NODES = {};
  private static final int NONE = -1;

  private char[][] units = {NO_UNITS};
  private int[][] children = {NO_NODES};
  private int[] values = {NONE};
  private int nodes = 1;

  /** Adds a text; of equal ones the first counts. */
  void add(String text, int value) {
    if (text.isEmpty() || value < 0) {
      throw new IllegalArgumentException("expected a text and a number from 0");
    }
    int node = 0;
    for (int i = 0; i < text.length(); i++) {
      int child = child(node, text.charAt(i));
      node = child >= 0 ? child : grow(node, text.charAt(i));
    }
    if (values[node] == NONE) {
      values[node] = value;
    }
  }

  boolean isEmpty() {
    return nodes == 1;
  }

  /**
   * The longest text that begins at {@code from}.
   *
   * @return its number times 2^32 plus its end, or -1
   */
  long longest(String text, int from) {
    long found = -1;
    int node = 0;
    for (int i = from; i < text.length(); i++) {
      node = child(node, text.charAt(i));
      if (node < 0) {
        break;
      }
      if (values[node] != NONE) {
        found = (long) values[node] << 32 | (i + 1);
      }
    }
    return found;
  }

  private int child(int node, char unit) {
    int at = Arrays.binarySearch(units[node], unit);
    return at < 0 ? NONE : children[node][at];
  }

  private int grow(int parent, char unit) {
    if (nodes == values.length) {
      units = Arrays.copyOf(units, 2 * nodes);
      children = Arrays.copyOf(children, 2 * nodes);
      values = Arrays.copyOf(values, 2 * nodes);
    }
    int node = nodes++;
    units[node] = NO_UNITS;
    children[node] = NO_NODES;
    values[node] = NONE;
    int at = -1 - Arrays.binarySearch(units[parent], unit);
    int size = units[parent].length;
    char[] moreUnits = Arrays.copyOf(units[parent], size + 1);
    int[] moreNodes = Arrays.copyOf(children[parent], size + 1);
    System.arraycopy(units[parent], at, moreUnits, at + 1, size - at);
    System.arraycopy(children[parent], at, moreNodes, at + 1, size - at);
    moreUnits[at] = unit;
    moreNodes[at] = node;
    units[parent] = moreUnits;
    children[parent] = moreNodes;
    return node;
  }
}
