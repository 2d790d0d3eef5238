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

  private final DevicePool pool;
  private final CudaStream stream;
  private final Staging staging;
  private final Packer packer;

  /** Borrows everything. */
  WeightLoader(DevicePool pool, CudaStream stream, Staging staging, Work work) {
    this.pool = pool;
    this.stream = stream;
    this.staging = staging;
    packer = new Packer(pool, stream, staging, work);
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
    PackedMatrix matrix = allocate(WeightFormat.of(sources), outputs, outputs, inputs, "a weight");
    int row = 0;
    for (MatrixSource source : sources) {
      packer.pack(source, matrix, row, Packer.Layout.PLAIN);
      row += source.outputs();
    }
    return withTable(matrix, matrix.address());
  }

  /** A dense SwiGLU block. */
  SwiGluWeights feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    PackedMatrix gateUp = gateUp(gate, up, WeightFormat.of(List.of(gate, up)));
    PackedMatrix second = down(down, WeightFormat.of(List.of(down)));
    return new SwiGluWeights(
        gate.outputs(), withTable(gateUp, gateUp.address()), withTable(second, second.address()));
  }

  /**
   * A mixture of experts. One launch computes them all, so they share sizes and formats; a shared
   * expert of another kind becomes a block of its own.
   */
  MixtureWeights moe(MoeSource source) {
    List<MatrixSource> inner = new ArrayList<>();
    List<MatrixSource> outer = new ArrayList<>();
    for (MoeSource.Expert expert : source.experts()) {
      inner.add(expert.gate());
      inner.add(expert.up());
      outer.add(expert.down());
    }
    WeightFormat innerFormat = WeightFormat.of(inner);
    WeightFormat outerFormat = WeightFormat.of(outer);
    List<MoeSource.Expert> group = new ArrayList<>(source.experts());
    List<SwiGluWeights> apart = new ArrayList<>();
    for (MoeSource.Expert shared : source.shared()) {
      boolean alike =
          WeightFormat.of(List.of(shared.gate(), shared.up())).equals(innerFormat)
              && WeightFormat.of(List.of(shared.down())).equals(outerFormat)
              && shared.gate().outputs() == source.experts().getFirst().gate().outputs();
      if (alike) {
        group.add(shared);
      } else {
        apart.add(feedForward(shared.gate(), shared.up(), shared.down()));
      }
    }
    List<PackedMatrix> gateUps = new ArrayList<>();
    List<PackedMatrix> downs = new ArrayList<>();
    for (MoeSource.Expert expert : group) {
      gateUps.add(gateUp(expert.gate(), expert.up(), innerFormat));
      downs.add(down(expert.down(), outerFormat));
    }
    PackedMatrix gateUp = grouped(gateUps);
    return new MixtureWeights(
        source.experts().size(),
        group.size() - source.experts().size(),
        source.topK(),
        source.router().inputs(),
        gateUp.outputs() / 2,
        floats(source.router()),
        gateUp,
        grouped(downs),
        apart);
  }

  /** The first of a group, with the addresses of all. */
  private PackedMatrix grouped(List<PackedMatrix> group) {
    PackedMatrix first = group.getFirst();
    for (PackedMatrix other : group) {
      if (other.outputs() != first.outputs() || other.inputs() != first.inputs()) {
        throw new IllegalArgumentException(
            "the cuda backend wants experts of one size, got [%d, %d] beside [%d, %d]"
                .formatted(other.outputs(), other.inputs(), first.outputs(), first.inputs()));
      }
    }
    return withTable(first, group.stream().mapToLong(PackedMatrix::address).toArray());
  }

  private PackedMatrix gateUp(MatrixSource gate, MatrixSource up, WeightFormat format) {
    if (gate.outputs() != up.outputs() || gate.inputs() != up.inputs()) {
      throw new IllegalArgumentException(
          "gate is [%d, %d], up is [%d, %d]"
              .formatted(gate.outputs(), gate.inputs(), up.outputs(), up.inputs()));
    }
    // gate and up alternate in eights, so an odd rest of channels is padded to eight of each
    int rows = 2 * SwiGluWeights.innerStride(gate.outputs());
    PackedMatrix matrix =
        allocate(format, 2 * gate.outputs(), rows, gate.inputs(), "gate and up of an expert");
    packer.pack(gate, matrix, 0, Packer.Layout.GATE);
    packer.pack(up, matrix, 0, Packer.Layout.UP);
    return matrix;
  }

  private PackedMatrix down(MatrixSource source, WeightFormat format) {
    PackedMatrix matrix =
        allocate(format, source.outputs(), source.outputs(), source.inputs(), "down of an expert");
    packer.pack(source, matrix, 0, Packer.Layout.PLAIN);
    return matrix;
  }

  private PackedMatrix allocate(
      WeightFormat format, int outputs, int rows, int inputs, String what) {
    int packedRows = PackedMatrix.paddedRows(rows);
    int packedInputs = format.paddedInputs(inputs);
    long bytes = format.bytes(packedRows, packedInputs);
    long address = pool.allocate(bytes, what + " [%d, %d]".formatted(outputs, inputs));
    // padding is zero, and a word of four-bit weights is put together by several kernels
    if (packedRows != outputs
        || packedInputs != inputs
        || format.kind() != WeightFormat.Kind.BF16) {
      stream.fill(address, (byte) 0, bytes);
    }
    return new PackedMatrix(format, outputs, inputs, packedRows, packedInputs, address, 0);
  }

  private PackedMatrix withTable(PackedMatrix matrix, long... addresses) {
    return matrix.withTable(words(addresses, "addresses of weights"));
  }

  /** Refuses weights that turned out not to be numbers. */
  void check(Transfers transfers) {
    packer.check(transfers);
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
      packer.forPieces(
          SourceLines.of(table),
          1,
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
