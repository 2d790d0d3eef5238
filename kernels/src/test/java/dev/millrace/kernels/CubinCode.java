package dev.millrace.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The machine code of a cubin's kernels, and what kinds of instructions are in it. */
final class CubinCode {

  /** wgmma on bf16. */
  static final int HGMMA = 0x9f0;

  /** wgmma on bf16 whose first operand comes from registers. */
  static final int HGMMA_OF_REGISTERS = 0xdf0;

  /** wgmma on e4m3. */
  static final int QGMMA = 0x9f3;

  /** Bulk copy to shared memory by the copy engine. */
  static final int UBLKCP = 0x3ba;

  private static final int INSTRUCTION_BYTES = 16;
  private static final int KIND_BITS = 0xfff;
  private static final String CODE = ".text.";

  // Offsets in the ELF header and in a section header.
  private static final int SECTIONS_AT = 40;
  private static final int SECTION_BYTES = 64;
  private static final int SECTION_COUNT = 60;
  private static final int NAMES_SECTION = 62;
  private static final int DATA_AT = 24;
  private static final int DATA_BYTES = 32;

  private CubinCode() {}

  /** Code by kernel. */
  static Map<String, byte[]> of(byte[] cubin) {
    ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
    int sections = (int) elf.getLong(SECTIONS_AT);
    int count = Short.toUnsignedInt(elf.getShort(SECTION_COUNT));
    int names = sections + SECTION_BYTES * Short.toUnsignedInt(elf.getShort(NAMES_SECTION));
    int namesAt = (int) elf.getLong(names + DATA_AT);
    Map<String, byte[]> found = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      int section = sections + SECTION_BYTES * i;
      int at = namesAt + elf.getInt(section);
      int end = at;
      while (cubin[end] != 0) {
        end++;
      }
      String name = new String(cubin, at, end - at, StandardCharsets.US_ASCII);
      if (name.startsWith(CODE)) {
        byte[] code = new byte[(int) elf.getLong(section + DATA_BYTES)];
        elf.get((int) elf.getLong(section + DATA_AT), code);
        found.put(name.substring(CODE.length()), code);
      }
    }
    return found;
  }

  /** Instructions of a kind in a kernel. */
  static int count(Map<String, byte[]> code, String kernel, int kind) {
    byte[] bytes = Objects.requireNonNull(code.get(kernel), () -> "no kernel " + kernel);
    ByteBuffer instructions = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int count = 0;
    for (int at = 0; at < bytes.length; at += INSTRUCTION_BYTES) {
      if ((instructions.getInt(at) & KIND_BITS) == kind) {
        count++;
      }
    }
    return count;
  }
}
