package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Cosines and sines of rotary angles, computed in double precision once per position and set of
 * frequencies. Pages are made by the engine thread before workers read them.
 */
final class RotaryTables {

  private static final int PAGE = 256;

  private final Map<AttentionSpec, Table> bySpec = new HashMap<>();
  private final Map<RotaryEmbedding, Table> byRotary = new HashMap<>();

  /** The table of a rotating layer. */
  Table of(AttentionSpec spec) {
    Table known = bySpec.get(spec);
    if (known == null) {
      known = byRotary.computeIfAbsent(spec.rotary(), rotary -> new Table(rotary.frequencies()));
      bySpec.put(spec, known);
    }
    return known;
  }

  private record Page(float[] values) {}

  /** Angles of one set of frequencies. */
  static final class Table {
    private final double[] frequencies;
    private @Nullable Page[] pages = new Page[16];

    Table(double[] frequencies) {
      this.frequencies = frequencies;
    }

    /** Makes sure that positions {@code from} to {@code to - 1} can be looked up. */
    void prepare(int from, int to) {
      int last = (to - 1) / PAGE;
      if (last >= pages.length) {
        pages = Arrays.copyOf(pages, Math.max(last + 1, pages.length * 2));
      }
      for (int page = from / PAGE; page <= last; page++) {
        if (pages[page] == null) {
          pages[page] = page(page * PAGE);
        }
      }
    }

    private Page page(int start) {
      int half = frequencies.length;
      float[] page = new float[2 * PAGE * half];
      for (int i = 0; i < PAGE; i++) {
        for (int j = 0; j < half; j++) {
          double angle = (double) (start + i) * frequencies[j];
          page[(2 * i) * half + j] = (float) StrictMath.cos(angle);
          page[(2 * i + 1) * half + j] = (float) StrictMath.sin(angle);
        }
      }
      return new Page(page);
    }

    /** The page that holds {@code position}. */
    float[] values(int position) {
      return Objects.requireNonNull(pages[position / PAGE], "prepare() comes first").values();
    }

    /** Index of the first cosine in the page; the sines follow {@code half} later. */
    int offset(int position) {
      return 2 * (position % PAGE) * frequencies.length;
    }
  }
}
