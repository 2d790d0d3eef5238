package dev.millrace.engine.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes a packed bfloat16 panel in three quarters of its bytes, without losing a bit: the form
 * that {@link Bfloat16Kernel} multiplies, described in {@code kernels/src/main/cpu/products.c}.
 *
 * <p>An upper byte, that is sign and most of the exponent, is one of few values in a trained
 * matrix. The 16 most frequent ones of 64 outputs get numbers of four bits. A group of 128 weights
 * with another one stays as it is; in the worst case all do, and a block takes 64 bytes and a bit
 * per group more than before.
 *
 * <p>Stateless; thread-safe.
 */
final class CompactEncoder {

  /** Outputs of a block. */
  private static final int BLOCK_OUTPUTS = 64;

  private static final int GROUP_INPUTS = 2;
  private static final int GROUP = BLOCK_OUTPUTS * GROUP_INPUTS;
  private static final int HALF = GROUP / 2;
  private static final int COMPACT_BYTES = 192;
  private static final int RAW_BYTES = 256;
  private static final int LINE = 64;
  private static final int FLAGS_PER_LINE = 8 * LINE;
  private static final int HEADER_BYTES = LINE;
  private static final int SIZE_AT = 16;
  private static final int NUMBERS = 16;
  private static final byte NONE = -1;

  /** Where in a half group the weight stands whose byte has a place: as vpackuswb orders them. */
  private static final int[] WEIGHT_AT = new int[HALF];

  static {
    for (int place = 0; place < HALF; place++) {
      int lane = place / 16;
      int inLane = place % 16;
      WEIGHT_AT[place] = inLane / 8 * 32 + lane * 8 + inLane % 8;
    }
  }

  private CompactEncoder() {}

  /** Bytes that no panel exceeds. */
  static int bytesAtMost(int inputs, int blocks) {
    int groups = inputs / GROUP_INPUTS;
    return Math.multiplyExact(blocks, Math.addExact(groups * RAW_BYTES, headBytes(groups)));
  }

  private static int headBytes(int groups) {
    return HEADER_BYTES + Math.ceilDiv(groups, FLAGS_PER_LINE) * LINE;
  }

  /**
   * Writes a panel.
   *
   * @param raw the panel in {@link PackedFormat}
   * @param inputs a multiple of 32
   * @param blocks of 64 outputs
   * @param out room for {@link #bytesAtMost}
   * @return bytes written
   */
  static int encode(short[] raw, int inputs, int blocks, byte[] out) {
    int groups = inputs / GROUP_INPUTS;
    int at = 0;
    for (int block = 0; block < blocks; block++) {
      at = encodeBlock(raw, block * groups * GROUP, groups, out, at);
    }
    return at;
  }

  private static int encodeBlock(short[] raw, int from, int groups, byte[] out, int start) {
    int head = headBytes(groups);
    Arrays.fill(out, start, start + head, (byte) 0);
    byte[] numbers = numbers(raw, from, groups * GROUP, out, start);
    int to = start + head;
    for (int group = 0; group < groups; group++) {
      int first = from + group * GROUP;
      if (allHaveNumbers(raw, first, numbers)) {
        writeCompact(raw, first, numbers, out, to);
        to += COMPACT_BYTES;
      } else {
        out[start + HEADER_BYTES + group / 8] |= (byte) (1 << group % 8);
        for (int i = 0; i < GROUP; i++) {
          out[to + 2 * i] = (byte) raw[first + i];
          out[to + 2 * i + 1] = upper(raw[first + i]);
        }
        to += RAW_BYTES;
      }
    }
    MemorySegment.ofArray(out)
        .set(
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
            (long) start + SIZE_AT,
            to - start);
    return to;
  }

  /** Writes the table of a block; the number of each upper byte, or {@link #NONE}. */
  private static byte[] numbers(short[] raw, int from, int count, byte[] out, int table) {
    int[] uses = new int[256];
    for (int i = from; i < from + count; i++) {
      uses[upper(raw[i]) & 0xff]++;
    }
    byte[] numbers = new byte[256];
    Arrays.fill(numbers, NONE);
    for (int number = 0; number < NUMBERS; number++) {
      int most = 0;
      for (int value = 1; value < uses.length; value++) {
        if (uses[value] > uses[most]) {
          most = value;
        }
      }
      if (uses[most] > 0) {
        out[table + number] = (byte) most;
        numbers[most] = (byte) number;
        uses[most] = 0;
      }
    }
    return numbers;
  }

  private static boolean allHaveNumbers(short[] raw, int first, byte[] numbers) {
    int all = 0;
    for (int i = first; i < first + GROUP; i++) {
      all |= numbers[upper(raw[i]) & 0xff];
    }
    return all >= 0;
  }

  private static void writeCompact(short[] raw, int first, byte[] numbers, byte[] out, int to) {
    for (int place = 0; place < HALF; place++) {
      short low = raw[first + WEIGHT_AT[place]];
      short high = raw[first + HALF + WEIGHT_AT[place]];
      out[to + place] = (byte) low;
      out[to + HALF + place] = (byte) high;
      out[to + GROUP + place] =
          (byte) (numbers[upper(low) & 0xff] | numbers[upper(high) & 0xff] << 4);
    }
  }

  private static byte upper(short weight) {
    return (byte) (weight >> 8);
  }
}
