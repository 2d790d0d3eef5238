package dev.millrace.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/**
 * A tensor of a GGUF file: rows of whole blocks, one after the other. A view of mapped memory that
 * dies with the file.
 *
 * @param name as in the file
 * @param type of its blocks
 * @param extents outermost first, the length of a row last: the reverse of the file's order
 * @param data exactly its bytes
 */
public record GgufTensor(String name, BlockType type, List<Long> extents, MemorySegment data) {

  /** Copies the extents. */
  public GgufTensor {
    extents = List.copyOf(extents);
  }

  /** Values of a row. */
  public long width() {
    return extents.getLast();
  }

  /** Number of rows. */
  public long rows() {
    return extents.subList(0, extents.size() - 1).stream().reduce(1L, (a, b) -> a * b);
  }

  /** Bytes of a row. */
  public long rowBytes() {
    return width() / type.valuesPerBlock() * type.bytesPerBlock();
  }

  /**
   * Decodes one row.
   *
   * @param row from 0
   * @param out {@link #width()} values
   */
  public void readRow(long row, float[] out) {
    Objects.checkIndex(row, rows());
    byte[] blocks = new byte[Math.toIntExact(rowBytes())];
    MemorySegment.copy(data, ValueLayout.JAVA_BYTE, row * blocks.length, blocks, 0, blocks.length);
    type.decode(blocks, out, out.length / type.valuesPerBlock());
  }
}
