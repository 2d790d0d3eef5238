package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a checkpoint's tensors to the device piece by piece and lets kernels pack them there, so
 * that the host only copies bytes. Owned by the engine thread.
 */
final class WeightLoader {

  private static final int PACK_THREADS = 256;
  private static final int PACK_SHARED_BYTES = 8448;

  private final DevicePool pool;
  private final CudaStream stream;
  private final Staging staging;
  private final Work work;

  /** Which rows of a packed matrix a source's rows become. */
  private enum Layout {
    PLAIN(0),
    GATE(1),
    UP(2);

    private final int code;

    Layout(int code) {
      this.code = code;
    }
  }

  /** Borrows everything. */
  WeightLoader(DevicePool pool, CudaStream stream, Staging staging, Work work) {
    this.pool = pool;
    this.stream = stream;
    this.staging = staging;
    this.work = work;
  }

  /** A linear weight; sources are stacked by output rows. */
  PackedMatrix matrix(List<MatrixSource> sources) {
    int inputs = sources.getFirst().inputs();
    int outputs = 0;
    for (MatrixSource source : sources) {
      if (source.inputs() != inputs) {
        throw new IllegalArgumentException(
            "stacked weights have %d and %d inputs".formatted(inputs, source.inputs()));
      }
      outputs = Math.addExact(outputs, source.outputs());
    }
    PackedMatrix matrix = allocate(outputs, outputs, inputs, "a weight");
    int row = 0;
    for (MatrixSource source : sources) {
      pack(source, matrix, row, Layout.PLAIN);
      row += source.outputs();
    }
    return withTable(matrix, matrix.address());
  }

  /** A dense SwiGLU block. */
  SwiGluWeights feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    PackedMatrix gateUp = gateUp(gate, up);
    PackedMatrix second = down(down);
    return new SwiGluWeights(
        gate.outputs(), withTable(gateUp, gateUp.address()), withTable(second, second.address()));
  }

  /** A mixture of experts. */
  MixtureWeights moe(MoeSource source) {
    List<MoeSource.Expert> all = new ArrayList<>(source.experts());
    all.addAll(source.shared());
    long[] first = new long[all.size()];
    long[] second = new long[all.size()];
    PackedMatrix gateUp = null;
    PackedMatrix down = null;
    for (int e = 0; e < first.length; e++) {
      MoeSource.Expert expert = all.get(e);
      PackedMatrix in = gateUp(expert.gate(), expert.up());
      PackedMatrix out = down(expert.down());
      if (gateUp != null && (in.outputs() != gateUp.outputs() || in.inputs() != gateUp.inputs())) {
        throw new IllegalArgumentException(
            "the cuda backend wants experts of one size, expert %d has %d channels, not %d"
                .formatted(e, in.outputs() / 2, gateUp.outputs() / 2));
      }
      first[e] = in.address();
      second[e] = out.address();
      gateUp = in;
      down = out;
    }
    if (gateUp == null || down == null) {
      throw new IllegalArgumentException("a mixture has at least one expert");
    }
    return new MixtureWeights(
        source.experts().size(),
        source.shared().size(),
        source.topK(),
        source.router().inputs(),
        gateUp.outputs() / 2,
        floats(source.router()),
        withTable(gateUp, first),
        withTable(down, second));
  }

  private PackedMatrix gateUp(MatrixSource gate, MatrixSource up) {
    if (gate.outputs() != up.outputs() || gate.inputs() != up.inputs()) {
      throw new IllegalArgumentException(
          "gate is [%d, %d], up is [%d, %d]"
              .formatted(gate.outputs(), gate.inputs(), up.outputs(), up.inputs()));
    }
    // gate and up alternate in eights, so an odd rest of channels is padded to eight of each
    int rows = 2 * SwiGluWeights.innerStride(gate.outputs());
    PackedMatrix matrix =
        allocate(2 * gate.outputs(), rows, gate.inputs(), "gate and up of an expert");
    pack(gate, matrix, 0, Layout.GATE);
    pack(up, matrix, 0, Layout.UP);
    return matrix;
  }

  private PackedMatrix down(MatrixSource source) {
    PackedMatrix matrix =
        allocate(source.outputs(), source.outputs(), source.inputs(), "down of an expert");
    pack(source, matrix, 0, Layout.PLAIN);
    return matrix;
  }

  private PackedMatrix allocate(int outputs, int rows, int inputs, String what) {
    int packedRows = PackedMatrix.padded(rows);
    int packedInputs = PackedMatrix.padded(inputs);
    long bytes = PackedMatrix.bytes(packedRows, packedInputs);
    long address = pool.allocate(bytes, what + " [%d, %d]".formatted(outputs, inputs));
    if (packedRows != outputs || packedInputs != inputs) {
      stream.fill(address, (byte) 0, bytes);
    }
    return new PackedMatrix(outputs, inputs, packedRows, packedInputs, address, 0);
  }

  private PackedMatrix withTable(PackedMatrix matrix, long... addresses) {
    return new PackedMatrix(
        matrix.outputs(),
        matrix.inputs(),
        matrix.packedRows(),
        matrix.packedInputs(),
        matrix.address(),
        words(addresses, "addresses of weights"));
  }

  /** Packs a source in pieces of whole lines. */
  private void pack(MatrixSource source, PackedMatrix matrix, int firstRow, Layout layout) {
    SourceLines view = SourceLines.of(source);
    Kernel kernel = work.kernel("mr_pack_bf16");
    forPieces(
        view,
        (line, count, piece) -> {
          boolean transposed = view.transposed();
          int rows = transposed ? view.elements() : count;
          int columns = transposed ? count : view.elements();
          work.arguments()
              .pointer(matrix.address())
              .pointer(piece)
              .wide(transposed ? 1 : view.elements())
              .wide(transposed ? view.elements() : 1)
              .number(view.typeCode())
              .number(rows)
              .number(columns)
              .number(transposed ? firstRow : firstRow + line)
              .number(transposed ? line : 0)
              .number(matrix.packedInputs())
              .number(layout.code);
          Grid grid =
              new Grid(
                  Math.ceilDiv(columns, PackedMatrix.TILE),
                  Math.ceilDiv(rows, PackedMatrix.TILE),
                  1,
                  PACK_THREADS,
                  PACK_SHARED_BYTES);
          work.launch(kernel, grid);
        });
  }

  private interface Piece {
    void packed(int firstLine, int lines, long address);
  }

  private void forPieces(SourceLines view, Piece action) {
    long line = view.lineBytes();
    if (line > Staging.PIECE_BYTES) {
      throw new IllegalArgumentException(
          "a line of a weight has %d bytes, more than the %d of a piece"
              .formatted(line, Staging.PIECE_BYTES));
    }
    int most = (int) Math.min(view.lines(), Staging.PIECE_BYTES / line);
    for (int at = 0; at < view.lines(); at += most) {
      int count = Math.min(most, view.lines() - at);
      Staging.Slot slot = staging.slot(count * line);
      view.copy(at, count, slot.host());
      staging.send(slot, count * line);
      action.packed(at, count, slot.device());
      staging.release(slot);
    }
  }

  /** An embedding table as bf16 rows; its address. */
  long embedding(MatrixSource table) {
    if (!(table instanceof MatrixSource.Plain plain)
        || plain.order() != MatrixSource.Order.OUT_IN) {
      throw new IllegalArgumentException("an embedding table is stored as [vocabulary, hidden]");
    }
    long line = (long) table.inputs() * Short.BYTES;
    long address =
        pool.allocate(
            table.outputs() * line, "the embedding of %d tokens".formatted(table.outputs()));
    if (plain.values().type() == DType.BF16) {
      forPieces(
          SourceLines.of(table),
          (at, count, piece) -> stream.copyWithin(address + at * line, piece, count * line));
    } else {
      roundedRows(table, address);
    }
    return address;
  }

  /** Tables in another type are rare and small: the host rounds them row by row. */
  private void roundedRows(MatrixSource table, long address) {
    float[] row = new float[table.inputs()];
    long line = (long) row.length * Short.BYTES;
    for (int at = 0; at < table.outputs(); at++) {
      table.readOutput(at, row);
      Staging.Slot slot = staging.slot(line);
      for (int i = 0; i < row.length; i++) {
        slot.host().setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.of(row[i]));
      }
      staging.send(slot, line);
      stream.copyWithin(address + at * line, slot.device(), line);
      staging.release(slot);
    }
  }

  /** A vector as floats. */
  NormWeight vector(Tensor values) {
    int size = Math.toIntExact(values.shape().elements());
    float[] floats = new float[size];
    values.readFloats(0, floats, 0, size);
    return new NormWeight(size, floats(floats, "a norm weight"));
  }

  /** A router [E, H] as floats. */
  private long floats(MatrixSource source) {
    int inputs = source.inputs();
    float[] all = new float[Math.multiplyExact(source.outputs(), inputs)];
    float[] row = new float[inputs];
    for (int o = 0; o < source.outputs(); o++) {
      source.readOutput(o, row);
      System.arraycopy(row, 0, all, o * inputs, inputs);
    }
    return floats(all, "a router");
  }

  private long floats(float[] values, String what) {
    long bytes = (long) values.length * Float.BYTES;
    long address = pool.allocate(bytes, what);
    send(MemorySegment.ofArray(values), address, bytes);
    return address;
  }

  /** Words that kernels read, such as addresses. */
  long words(long[] values, String what) {
    long bytes = (long) values.length * Long.BYTES;
    long address = pool.allocate(bytes, what);
    send(MemorySegment.ofArray(values), address, bytes);
    return address;
  }

  private void send(MemorySegment from, long to, long bytes) {
    for (long at = 0; at < bytes; at += Staging.PIECE_BYTES) {
      long count = Math.min(Staging.PIECE_BYTES, bytes - at);
      Staging.Slot slot = staging.slot(count);
      MemorySegment.copy(from, at, slot.host(), 0, count);
      staging.send(slot, count);
      stream.copyWithin(to + at, slot.device(), count);
      staging.release(slot);
    }
  }
}
