package dev.millrace.engine.backend.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.SplittableRandom;

/** Weights of kinds that compact panels meet, and what reads such panels back, for tests. */
enum CompactWeights {
  /** As trained or random matrices are. */
  NORMAL {
    @Override
    float next(SplittableRandom random) {
      return (float) (random.nextGaussian() * 0.02);
    }
  },
  /** Half of them zero, of both signs. */
  SPARSE {
    @Override
    float next(SplittableRandom random) {
      return random.nextBoolean()
          ? (random.nextBoolean() ? 0f : -0f)
          : (float) random.nextGaussian();
    }
  },
  /** Far more upper bytes than a table holds, none of them out of range. */
  WIDE {
    @Override
    float next(SplittableRandom random) {
      return (float) Math.scalb(random.nextDouble(-1, 1), random.nextInt(-40, 40));
    }
  },
  /** Every pattern of bits: infinities, numbers that are none, denormal ones. */
  ANY {
    @Override
    float next(SplittableRandom random) {
      return Float.intBitsToFloat(random.nextInt() << 16);
    }
  },
  /** One value. */
  SAME {
    @Override
    float next(SplittableRandom random) {
      return 1f;
    }
  };

  abstract float next(SplittableRandom random);

  /** Bits of bfloat16 numbers. */
  short[] make(int count, SplittableRandom random) {
    short[] bits = new short[count];
    for (int i = 0; i < count; i++) {
      bits[i] = (short) (Float.floatToRawIntBits(next(random)) >> 16);
    }
    return bits;
  }

  /** A compact panel as plain packed weights, read by the description of the format. */
  static short[] decode(byte[] panel, int inputs, int blocks) {
    ByteBuffer in = ByteBuffer.wrap(panel).order(ByteOrder.LITTLE_ENDIAN);
    int groups = inputs / 2;
    short[] raw = new short[blocks * groups * 128];
    int block = 0;
    for (int b = 0; b < blocks; b++) {
      int at = block + 64 + (groups + 511) / 512 * 64;
      for (int g = 0; g < groups; g++) {
        int to = (b * groups + g) * 128;
        boolean plain = (panel[block + 64 + g / 8] >> g % 8 & 1) != 0;
        for (int i = 0; i < 128; i++) {
          raw[to + i] = plain ? in.getShort(at + 2 * i) : weight(panel, block, at, i);
        }
        at += plain ? 256 : 192;
      }
      block += in.getInt(block + 16);
      if (block != at) {
        throw new AssertionError(
            String.format(Locale.ROOT, "a block says it ends at %d, found %d", block, at));
      }
    }
    return raw;
  }

  private static short weight(byte[] panel, int table, int group, int i) {
    int inHalf = i % 64;
    // Two registers of 32 weights give their lower bytes to one of bytes, 8 of each in turns.
    int place = inHalf % 32 / 8 * 16 + inHalf / 32 * 8 + inHalf % 8;
    int numbers = panel[group + 128 + place];
    int number = i < 64 ? numbers & 15 : numbers >> 4 & 15;
    return (short) ((panel[table + number] << 8) | (panel[group + i / 64 * 64 + place] & 0xff));
  }
}
