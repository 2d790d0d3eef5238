package dev.millrace.engine.tokenizer;

import java.util.Arrays;

/** A growing list of token ids. Owned by the call that fills it. */
final class IdList {

  private int[] ids = new int[64];
  private int size;

  void add(int id) {
    room(1);
    ids[size++] = id;
  }

  /** Appends the first {@code count} ids of an array. */
  void add(int[] more, int count) {
    room(count);
    System.arraycopy(more, 0, ids, size, count);
    size += count;
  }

  int size() {
    return size;
  }

  /** Drops all ids from the one with this number on. */
  void shorten(int newSize) {
    size = newSize;
  }

  private void room(int count) {
    if (size + count > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(size + count, 2 * ids.length));
    }
  }

  int[] toArray() {
    return Arrays.copyOf(ids, size);
  }
}
