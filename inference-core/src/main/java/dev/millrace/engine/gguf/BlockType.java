package dev.millrace.engine.gguf;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/** How the values of a tensor are stored: types of GGML that are decoded here. */
public enum BlockType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  IQ4_NL(20, 32, 18),
  IQ4_XS(23, 256, 136),
  BF16(30, 1, 2),
  MXFP4(39, 32, 17);

  /** Types that exist and are not decoded here. */
  private static final Map<Integer, String> OTHERS =
      Map.ofEntries(
          Map.entry(9, "Q8_1"),
          Map.entry(15, "Q8_K"),
          Map.entry(16, "IQ2_XXS"),
          Map.entry(17, "IQ2_XS"),
          Map.entry(18, "IQ3_XXS"),
          Map.entry(19, "IQ1_S"),
          Map.entry(21, "IQ3_S"),
          Map.entry(22, "IQ2_S"),
          Map.entry(24, "I8"),
          Map.entry(25, "I16"),
          Map.entry(26, "I32"),
          Map.entry(27, "I64"),
          Map.entry(28, "F64"),
          Map.entry(29, "IQ1_M"),
          Map.entry(34, "TQ1_0"),
          Map.entry(35, "TQ2_0"),
          Map.entry(40, "NVFP4"),
          Map.entry(41, "Q1_0"),
          Map.entry(42, "Q2_0"));

  private final int number;
  private final int values;
  private final int bytes;

  BlockType(int number, int values, int bytes) {
    this.number = number;
    this.values = values;
    this.bytes = bytes;
  }

  /** The type with a number in files, if it is decoded here. */
  static Optional<BlockType> of(int number) {
    return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
  }

  /** A number in words. */
  static String name(int number) {
    return OTHERS.getOrDefault(number, "number " + Integer.toUnsignedString(number));
  }

  /** Values of a block. */
  public int valuesPerBlock() {
    return values;
  }

  /** Bytes of a block. */
  public int bytesPerBlock() {
    return bytes;
  }

  /**
   * Decodes whole blocks, each product and difference rounded to float32 as GGML's own decoder
   * does.
   *
   * @param blocks blocks from its first byte on
   * @param out receives all values of {@code count} blocks
   */
  void decode(byte[] blocks, float[] out, int count) {
    for (int i = 0; i < count; i++) {
      decodeBlock(blocks, i * bytes, out, i * values);
    }
  }

  private void decodeBlock(byte[] blocks, int at, float[] out, int to) {
    switch (this) {
      case F32 -> BlockDecoder.f32(blocks, at, out, to);
      case F16 -> BlockDecoder.f16(blocks, at, out, to);
      case BF16 -> BlockDecoder.bf16(blocks, at, out, to);
      case Q8_0 -> BlockDecoder.q8Zero(blocks, at, out, to);
      case Q4_0 -> BlockDecoder.q4Zero(blocks, at, out, to);
      case Q4_1 -> BlockDecoder.q4One(blocks, at, out, to);
      case Q5_0 -> BlockDecoder.q5Zero(blocks, at, out, to);
      case Q5_1 -> BlockDecoder.q5One(blocks, at, out, to);
      case IQ4_NL -> BlockDecoder.iq4Nl(blocks, at, out, to);
      case MXFP4 -> BlockDecoder.mxfp4(blocks, at, out, to);
      case Q2_K -> SuperBlockDecoder.q2(blocks, at, out, to);
      case Q3_K -> SuperBlockDecoder.q3(blocks, at, out, to);
      case Q4_K -> SuperBlockDecoder.q4(blocks, at, out, to);
      case Q5_K -> SuperBlockDecoder.q5(blocks, at, out, to);
      case Q6_K -> SuperBlockDecoder.q6(blocks, at, out, to);
      case IQ4_XS -> SuperBlockDecoder.iq4Xs(blocks, at, out, to);
    }
  }
}
