package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a checkpoint's tensors to the device piece by piece and lets kernels pack them there, so
 * that the host only copies bytes. Owned by the engine thread.
 */
final class WeightFilling implements Filling {

  private static final Logger LOG = LoggerFactory.getLogger(WeightFilling.class);

  private final DevicePool pool;
  private final CudaStream stream;
  private final Staging staging;
  private final Work work;
  private @Nullable Packer packer;
  private boolean warned;

  /** Borrows everything; takes memory only when there is something to pack. */
  WeightFilling(DevicePool pool, CudaStream stream, Staging staging, Work work) {
    this.pool = pool;
    this.stream = stream;
    this.staging = staging;
    this.work = work;
  }

  private Packer packer() {
    if (packer == null) {
      packer = new Packer(pool, stream, staging, work);
    }
    return packer;
  }

  @Override
  public void clear(PackedMatrix matrix) {
    stream.fill(matrix.address(), (byte) 0, matrix.bytes());
  }

  @Override
  public void pack(MatrixSource source, PackedMatrix matrix, int firstRow, Packer.Layout layout) {
    if (source instanceof QuantisedSource quantised
        && !(source instanceof QuantisedSource.Decoded)
        && matrix.format().equals(WeightFormat.BF16)
        && !warned) {
      warned = true;
      LOG.warn(
          "backend=cuda turns some quantised weights into bf16, which takes up to four times their"
              + " memory: {}",
          why(quantised));
    }
    packer().pack(source, matrix, firstRow, layout);
  }

  /** Why a source cannot stay as it is. */
  private static String why(QuantisedSource source) {
    if (WeightFormat.of(List.of(source)).equals(WeightFormat.BF16)
        && source instanceof QuantisedSource.Int4Groups groups) {
      return groups.groupOfInput().isPresent()
          ? "four-bit integers whose inputs were reordered by their activations (g_idx)"
          : "four-bit integers in groups of " + groups.inputs() / groups.groups();
    }
    return "they are stacked with weights that are stored otherwise";
  }

  @Override
  public void table(MatrixSource table, Precision kept, long address) {
    if (!(table instanceof MatrixSource.Plain plain) || plain.values().type() != DType.BF16) {
      convertedRows(table, kept, address);
      return;
    }
    long line = (long) table.inputs() * Short.BYTES;
    packer()
        .forPieces(
            SourceLines.of(table),
            1,
            (at, count, piece) -> stream.copyWithin(address + at * line, piece, count * line));
  }

  /** Tables in another type are rare and small: the host converts them row by row. */
  private void convertedRows(MatrixSource table, Precision kept, long address) {
    float[] row = new float[table.inputs()];
    long line = (long) row.length * kept.bytes();
    for (int at = 0; at < table.outputs(); at++) {
      table.readOutput(at, row);
      Staging.Slot slot = staging.slot(line);
      for (int i = 0; i < row.length; i++) {
        if (kept == Precision.F32) {
          slot.host().setAtIndex(ValueLayout.JAVA_FLOAT, i, row[i]);
        } else {
          slot.host().setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.of(row[i]));
        }
      }
      staging.send(slot, line);
      stream.copyWithin(address + at * line, slot.device(), line);
      staging.release(slot);
    }
  }

  @Override
  public void floats(MatrixSource source, long address) {
    int inputs = source.inputs();
    float[] all = new float[Math.multiplyExact(source.outputs(), inputs)];
    float[] row = new float[inputs];
    for (int o = 0; o < source.outputs(); o++) {
      source.readOutput(o, row);
      System.arraycopy(row, 0, all, o * inputs, inputs);
    }
    send(MemorySegment.ofArray(all), address);
  }

  @Override
  public void floats(Tensor values, long address) {
    int size = Math.toIntExact(values.shape().elements());
    float[] floats = new float[size];
    values.readFloats(0, floats, 0, size);
    send(MemorySegment.ofArray(floats), address);
  }

  @Override
  public void words(long[] values, long address) {
    send(MemorySegment.ofArray(values), address);
  }

  private void send(MemorySegment from, long to) {
    for (long at = 0; at < from.byteSize(); at += Staging.PIECE_BYTES) {
      long count = Math.min(Staging.PIECE_BYTES, from.byteSize() - at);
      Staging.Slot slot = staging.slot(count);
      MemorySegment.copy(from, at, slot.host(), 0, count);
      staging.send(slot, count);
      stream.copyWithin(to + at, slot.device(), count);
      staging.release(slot);
    }
  }

  /** Refuses weights that turned out not to be numbers. */
  void check(Transfers transfers) {
    if (packer != null) {
      packer.check(transfers);
    }
  }
}
