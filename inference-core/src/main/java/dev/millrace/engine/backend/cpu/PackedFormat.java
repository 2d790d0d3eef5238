package dev.millrace.engine.backend.cpu;

/**
 * Layout of a packed weight [inputs, outputs]: blocks of {@code width} outputs; in a block, groups
 * of {@code depth} inputs; in a group, {@code width} outputs; per output {@code depth} values. So
 * one register load holds what consecutive outputs need for the next {@code depth} inputs. Missing
 * outputs and inputs are zero. Immutable.
 *
 * @param type element type
 * @param width outputs of one block: 16, 32, 48 or 64
 * @param compact whether {@link CompactEncoder} then writes panels in fewer bytes
 */
record PackedFormat(ElementType type, int width, boolean compact) {

  private static final int INPUTS_MULTIPLE = 16;

  /** Refuses widths that no kernel has. */
  PackedFormat {
    if (width < 16 || width > 64 || width % 16 != 0) {
      throw new IllegalArgumentException("width must be 16, 32, 48 or 64, got " + width);
    }
  }

  /** The format for a matrix with this many outputs. */
  static PackedFormat of(ElementType type, int outputs) {
    return new PackedFormat(type, Math.min(64, (outputs + 15) / 16 * 16), false);
  }

  /** The same, written compactly. */
  PackedFormat compacted() {
    return new PackedFormat(type, width, true);
  }

  /** Inputs that stand side by side. */
  int depth() {
    return type == ElementType.BF16 ? 2 : 1;
  }

  /** Inputs with padding. */
  int inputsPadded(int inputs) {
    int multiple = INPUTS_MULTIPLE * depth();
    return (inputs + multiple - 1) / multiple * multiple;
  }

  /** Bytes of a packed matrix, before it is written compactly. */
  long bytes(int inputs, int outputs) {
    long blocks = ((long) outputs + width - 1) / width;
    return blocks * width * inputsPadded(inputs) * type.bytes();
  }

  /** Byte offset of an element, before. */
  long offset(int inputs, int input, int output) {
    long block = (long) (output / width) * inputsPadded(inputs) * width;
    long group = (long) (input / depth()) * width * depth();
    return (block + group + (long) (output % width) * depth() + input % depth()) * type.bytes();
  }

  /** oneDNN's name for this layout. */
  int tag() {
    int narrowest = type == ElementType.BF16 ? 381 : 503;
    return narrowest + (width / 16 - 1);
  }
}
