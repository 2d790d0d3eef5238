package dev.millrace.engine.architecture;

/** Which positions up to its own a row attends to. */
public sealed interface Visible {

  /** All of them. */
  Visible FULL = new Full();

  /** Position of the first token that {@code position} may see. */
  int first(int position);

  /** Everything before. */
  record Full() implements Visible {
    @Override
    public int first(int position) {
      return 0;
    }
  }

  /**
   * The row's own chunk of absolute positions (Llama 4).
   *
   * @param tokens of a chunk, at least one
   */
  record Chunk(int tokens) implements Visible {

    /** Refuses an empty chunk. */
    public Chunk {
      if (tokens < 1) {
        throw new IllegalArgumentException("a chunk has at least 1 token, got " + tokens);
      }
    }

    @Override
    public int first(int position) {
      return position / tokens * tokens;
    }
  }

  /**
   * So many positions, the row's own among them (Mistral).
   *
   * @param tokens of the window, at least one
   */
  record Window(int tokens) implements Visible {

    /** Refuses a window that does not hold the row itself. */
    public Window {
      if (tokens < 1) {
        throw new IllegalArgumentException("a window has at least 1 token, got " + tokens);
      }
    }

    @Override
    public int first(int position) {
      return Math.max(0, position - tokens + 1);
    }
  }
}
