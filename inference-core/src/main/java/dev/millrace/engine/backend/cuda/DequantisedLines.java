package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.QuantisedSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A quantised source as floats, made on the host. Immutable.
 *
 * @param source read row by row
 */
record DequantisedLines(QuantisedSource source) implements SourceLines {

  private static final int F32 = 0;

  @Override
  public int lines() {
    return source.outputs();
  }

  @Override
  public int elements() {
    return source.inputs();
  }

  @Override
  public long lineBytes() {
    return (long) source.inputs() * Float.BYTES;
  }

  @Override
  public int typeCode() {
    return F32;
  }

  @Override
  public boolean transposed() {
    return false;
  }

  @Override
  public void copy(int firstLine, int count, MemorySegment target) {
    Parts.run(
        count,
        count * lineBytes(),
        (from, to) -> {
          float[] row = new float[source.inputs()];
          for (int i = from; i < to; i++) {
            source.readOutput(firstLine + i, row);
            MemorySegment.copy(row, 0, target, ValueLayout.JAVA_FLOAT, i * lineBytes(), row.length);
          }
        });
  }
}
