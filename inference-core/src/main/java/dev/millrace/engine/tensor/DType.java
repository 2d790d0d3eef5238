package dev.millrace.engine.tensor;

/**
 * Storage type of a tensor's elements: all that safetensors knows, whether or not anything here
 * computes with it. Multi-byte types are little-endian.
 */
public enum DType {
  C64(64),
  F64(64),
  F32(32),
  F16(16),
  BF16(16),
  F8_E4M3(8),
  F8_E5M2(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  F6_E2M3(6),
  F6_E3M2(6),
  F4(4),
  I64(64),
  U64(64),
  I32(32),
  U32(32),
  I16(16),
  U16(16),
  I8(8),
  U8(8),
  BOOL(8);

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  /**
   * Bytes of one element.
   *
   * @throws UnsupportedOperationException for types narrower than a byte
   */
  public int bytes() {
    if (bits < Byte.SIZE) {
      throw new UnsupportedOperationException(this + " has no whole number of bytes");
    }
    return bits / Byte.SIZE;
  }

  /**
   * Bytes of so many elements, the last one filled up.
   *
   * @throws ArithmeticException if they do not fit a long
   */
  public long bytes(long elements) {
    return bits < Byte.SIZE
        ? Math.ceilDiv(Math.multiplyExact(elements, (long) bits), Byte.SIZE)
        : Math.multiplyExact(elements, (long) bytes());
  }

  /** Whether so many elements fill whole bytes. */
  public boolean fillsBytes(long elements) {
    return elements % Byte.SIZE * bits % Byte.SIZE == 0;
  }
}
