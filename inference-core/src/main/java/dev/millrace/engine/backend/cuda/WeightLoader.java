package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Decides what lies where on the device, in which format, and has it filled. With a pool that only
 * counts and a filling that copies nothing, it tells what a model will take. Owned by the engine
 * thread.
 */
final class WeightLoader {

  private final DevicePool pool;
  private final Filling filling;
  private final Precision precision;

  /** Borrows everything. */
  WeightLoader(DevicePool pool, Filling filling, Precision precision) {
    this.precision = precision;
    this.pool = pool;
    this.filling = filling;
  }

  /** A linear weight; sources are stacked by output rows. */
  PackedMatrix matrix(List<MatrixSource> sources) {
    int inputs = sources.getFirst().inputs();
    int outputs = 0;
    for (MatrixSource source : sources) {
      if (source.inputs() != inputs) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "stacked weights have %d and %d inputs", inputs, source.inputs()));
      }
      outputs = Math.addExact(outputs, source.outputs());
    }
    PackedMatrix matrix = allocate(format(sources), outputs, outputs, inputs, "a weight");
    int row = 0;
    for (MatrixSource source : sources) {
      filling.pack(source, matrix, row, Packer.Layout.PLAIN);
      row += source.outputs();
    }
    return withTable(matrix, matrix.address());
  }

  private WeightFormat format(List<MatrixSource> sources) {
    return precision == Precision.F32 ? WeightFormat.whole(sources) : WeightFormat.of(sources);
  }

  /** A dense SwiGLU block. */
  SwiGluWeights feedForward(MatrixSource gate, MatrixSource up, MatrixSource down) {
    PackedMatrix gateUp = gateUp(gate, up, format(List.of(gate, up)));
    PackedMatrix second = down(down, format(List.of(down)));
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
    WeightFormat innerFormat = format(inner);
    WeightFormat outerFormat = format(outer);
    List<MoeSource.Expert> group = new ArrayList<>(source.experts());
    List<SwiGluWeights> apart = new ArrayList<>();
    for (MoeSource.Expert shared : source.shared()) {
      boolean alike =
          format(List.of(shared.gate(), shared.up())).equals(innerFormat)
              && format(List.of(shared.down())).equals(outerFormat)
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
        source.rule(),
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
            String.format(
                Locale.ROOT,
                "the cuda backend wants experts of one size, got [%d, %d] beside [%d, %d]",
                other.outputs(),
                other.inputs(),
                first.outputs(),
                first.inputs()));
      }
    }
    return withTable(first, group.stream().mapToLong(PackedMatrix::address).toArray());
  }

  private PackedMatrix gateUp(MatrixSource gate, MatrixSource up, WeightFormat format) {
    if (gate.outputs() != up.outputs() || gate.inputs() != up.inputs()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "gate is [%d, %d], up is [%d, %d]",
              gate.outputs(),
              gate.inputs(),
              up.outputs(),
              up.inputs()));
    }
    // gate and up alternate in eights, so an odd rest of channels is padded to eight of each
    int rows = 2 * SwiGluWeights.innerStride(gate.outputs());
    PackedMatrix matrix =
        allocate(format, 2 * gate.outputs(), rows, gate.inputs(), "gate and up of an expert");
    filling.pack(gate, matrix, 0, Packer.Layout.GATE);
    filling.pack(up, matrix, 0, Packer.Layout.UP);
    return matrix;
  }

  private PackedMatrix down(MatrixSource source, WeightFormat format) {
    PackedMatrix matrix =
        allocate(format, source.outputs(), source.outputs(), source.inputs(), "down of an expert");
    filling.pack(source, matrix, 0, Packer.Layout.PLAIN);
    return matrix;
  }

  private PackedMatrix allocate(
      WeightFormat format, int outputs, int rows, int inputs, String what) {
    int packedRows = PackedMatrix.paddedRows(rows);
    int packedInputs = format.paddedInputs(inputs);
    long bytes = format.bytes(packedRows, packedInputs);
    long address =
        pool.allocate(bytes, what + String.format(Locale.ROOT, " [%d, %d]", outputs, inputs));
    PackedMatrix matrix =
        new PackedMatrix(format, outputs, inputs, packedRows, packedInputs, address, 0);
    // padding is zero, and a word of four-bit weights is put together by several kernels
    if (packedRows != outputs
        || packedInputs != inputs
        || format.kind() != WeightFormat.Kind.BF16) {
      filling.clear(matrix);
    }
    return matrix;
  }

  private PackedMatrix withTable(PackedMatrix matrix, long... addresses) {
    long[] ofTerms =
        IntStream.range(0, matrix.format().terms())
            .mapToObj(term -> Arrays.stream(addresses).map(at -> at + term * matrix.termBytes()))
            .flatMapToLong(stream -> stream)
            .toArray();
    long table = pool.allocate((long) ofTerms.length * Long.BYTES, "addresses of weights");
    filling.words(ofTerms, table);
    return matrix.withTable(table);
  }

  /** An embedding table as rows of bf16, or of f32 where bf16 would not do. */
  EmbeddingTable embedding(MatrixSource table) {
    boolean readable =
        table instanceof QuantisedSource.Decoded
            || (table instanceof MatrixSource.Plain plain
                && plain.order() == MatrixSource.Order.OUT_IN);
    if (!readable) {
      throw new IllegalArgumentException("an embedding table is stored as [vocabulary, hidden]");
    }
    boolean bf16 = table instanceof MatrixSource.Plain plain && plain.values().type() == DType.BF16;
    Precision kept = bf16 ? Precision.BF16 : precision;
    long bytes = (long) table.outputs() * table.inputs() * kept.bytes();
    long address =
        pool.allocate(
            bytes, String.format(Locale.ROOT, "the embedding of %d tokens", table.outputs()));
    filling.table(table, kept, address);
    return new EmbeddingTable(table.outputs(), table.inputs(), kept, address);
  }

  /** A vector as floats. */
  NormWeight vector(Tensor values) {
    int size = Math.toIntExact(values.shape().elements());
    long address = pool.allocate((long) size * Float.BYTES, "a norm weight");
    filling.floats(values, address);
    return new NormWeight(size, address);
  }

  /** A router [E, H] as floats. */
  private long floats(MatrixSource source) {
    long bytes = (long) source.outputs() * source.inputs() * Float.BYTES;
    long address = pool.allocate(bytes, "a router");
    filling.floats(source, address);
    return address;
  }
}
