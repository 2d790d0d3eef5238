package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.QuantisedSource.Float8Channels;
import dev.millrace.engine.backend.QuantisedSource.Int4Groups;
import java.util.Locale;
import java.util.Optional;

/**
 * Sends a source's lines to the device and lets kernels put them where the products read them.
 * Owned by the engine thread.
 */
final class Packer {

  private static final int SQUARE = 64;
  private static final int SQUARE_THREADS = 256;
  private static final int BF16_SHARED_BYTES = 8448;
  private static final int FP8_SHARED_BYTES = 4608;
  private static final int INT4_THREADS = 128;
  private static final int SCALE_THREADS = 256;
  private static final int PER_WORD = 8;

  private final Staging staging;
  private final Work work;
  private final long notNumbers;

  /** Which rows of a packed matrix a source's rows become. */
  enum Layout {
    PLAIN(0),
    GATE(1),
    UP(2);

    private final int code;

    Layout(int code) {
      this.code = code;
    }
  }

  /** What is done with lines that have arrived. */
  interface Piece {
    void arrived(int firstLine, int lines, long address);
  }

  /** Borrows everything. */
  Packer(DevicePool pool, CudaStream stream, Staging staging, Work work) {
    this.staging = staging;
    this.work = work;
    notNumbers = pool.allocate(Integer.BYTES, "a counter");
    stream.fill(notNumbers, (byte) 0, Integer.BYTES);
  }

  /** Packs a source into the rows that the layout gives it, from a row before the layout on. */
  void pack(MatrixSource source, PackedMatrix matrix, int firstRow, Layout layout) {
    switch (matrix.format().kind()) {
      case BF16 -> packBFloat16(source, matrix, firstRow, layout);
      case FP8 -> packFloat8((Float8Channels) source, matrix, firstRow, layout);
      case INT4 -> packInt4((Int4Groups) source, matrix, firstRow, layout);
    }
  }

  private void packBFloat16(MatrixSource source, PackedMatrix matrix, int firstRow, Layout layout) {
    SourceLines lines = SourceLines.of(source);
    boolean transposed = lines.transposed();
    int width = lines.elements();
    forPieces(
        lines,
        1,
        (line, count, piece) -> {
          int rows = transposed ? width : count;
          int columns = transposed ? count : width;
          for (int term = 0; term < matrix.format().terms(); term++) {
            work.arguments()
                .pointer(matrix.address() + term * matrix.termBytes())
                .pointer(piece)
                .wide(transposed ? 1 : width)
                .wide(transposed ? width : 1)
                .number(lines.typeCode())
                .number(rows)
                .number(columns)
                .number(transposed ? firstRow : firstRow + line)
                .number(transposed ? line : 0)
                .number(matrix.packedInputs())
                .number(layout.code)
                .number(term);
            work.launch(work.kernel("mr_pack_bf16"), squares(rows, columns, BF16_SHARED_BYTES));
          }
        });
  }

  private static Grid squares(int rows, int columns, int sharedBytes) {
    return new Grid(
        Math.ceilDiv(columns, SQUARE), Math.ceilDiv(rows, SQUARE), 1, SQUARE_THREADS, sharedBytes);
  }

  private void packFloat8(Float8Channels source, PackedMatrix matrix, int firstRow, Layout layout) {
    int width = source.inputs();
    forPieces(
        TensorLines.rows(source.values()),
        1,
        (line, count, piece) -> {
          work.arguments()
              .pointer(matrix.address())
              .pointer(notNumbers)
              .pointer(piece)
              .wide(width)
              .wide(1)
              .number(count)
              .number(width)
              .number(firstRow + line)
              .number(0)
              .number(matrix.packedInputs())
              .number(layout.code);
          work.launch(work.kernel("mr_pack_fp8"), squares(count, width, FP8_SHARED_BYTES));
        });
    TensorLines scales = TensorLines.column(source.scales());
    boolean one = scales.lines() == 1;
    forPieces(
        scales,
        1,
        (line, count, piece) -> {
          int rows = one ? source.outputs() : count;
          work.arguments()
              .pointer(matrix.scales())
              .pointer(piece)
              .wide(one ? 0 : 1)
              .number(scales.typeCode())
              .number(rows)
              .number(firstRow + line)
              .number(layout.code);
          work.launch(
              work.kernel("mr_pack_scales"),
              Grid.of(Math.ceilDiv(rows, SCALE_THREADS), SCALE_THREADS, 0));
        });
  }

  private void packInt4(Int4Groups source, PackedMatrix matrix, int firstRow, Layout layout) {
    TensorLines words = TensorLines.rows(source.packed());
    forPieces(
        words,
        1,
        (line, count, piece) -> {
          work.arguments()
              .pointer(matrix.address())
              .pointer(piece)
              .number(words.elements())
              .number(count)
              .number(source.inputs())
              .number(firstRow + line)
              .number(matrix.packedInputs())
              .number(layout.code);
          Grid grid =
              new Grid(matrix.packedInputs() / SQUARE, count / PER_WORD + 2, 1, INT4_THREADS, 0);
          work.launch(work.kernel("mr_pack_int4"), grid);
        });
    packInt4Scales(source, matrix, firstRow, layout);
  }

  /** The zero points of a piece travel behind its scales. */
  private void packInt4Scales(Int4Groups source, PackedMatrix matrix, int firstRow, Layout layout) {
    TensorLines scales = TensorLines.rows(source.scales());
    Optional<TensorLines> zeros = source.zeroPoints().map(TensorLines::rows);
    int groups = source.groups();
    int packedGroups = matrix.format().groups(matrix.packedInputs());
    long zeroAt = matrix.scales() + (long) packedGroups * matrix.packedRows() * Short.BYTES;
    long line = scales.lineBytes() + (zeros.isPresent() ? zeros.get().lineBytes() : 0);
    int most = pieceLines(scales.lines(), line, PER_WORD);
    for (int at = 0; at < scales.lines(); at += most) {
      int count = Math.min(most, scales.lines() - at);
      long scaleBytes = Math.ceilDiv(count * scales.lineBytes(), Long.BYTES) * Long.BYTES;
      int zeroLines = zeros.isPresent() ? Math.ceilDiv(count, PER_WORD) : 0;
      long bytes = scaleBytes + (zeroLines == 0 ? 0 : zeroLines * zeros.get().lineBytes());
      Staging.Slot slot = staging.slot(bytes);
      scales.copy(at, count, slot.host());
      if (zeroLines > 0) {
        zeros.get().copy(at / PER_WORD, zeroLines, slot.host().asSlice(scaleBytes));
      }
      staging.send(slot, bytes);
      work.arguments()
          .pointer(matrix.scales())
          .pointer(zeroLines > 0 ? zeroAt : 0)
          .pointer(slot.device())
          .pointer(zeroLines > 0 ? slot.device() + scaleBytes : 0)
          .number(scales.typeCode())
          .number(count)
          .number(groups)
          .number(firstRow + at)
          .number(layout.code)
          .number(matrix.packedRows());
      int threads = Math.multiplyExact(count, groups);
      work.launch(
          work.kernel("mr_pack_int4_scales"),
          Grid.of(Math.ceilDiv(threads, SCALE_THREADS), SCALE_THREADS, 0));
      staging.release(slot);
    }
  }

  /** Sends all lines, piece by piece; pieces begin at multiples of {@code step} lines. */
  void forPieces(SourceLines lines, int step, Piece action) {
    long line = lines.lineBytes();
    int most = pieceLines(lines.lines(), line, step);
    for (int at = 0; at < lines.lines(); at += most) {
      int count = Math.min(most, lines.lines() - at);
      Staging.Slot slot = staging.slot(count * line);
      lines.copy(at, count, slot.host());
      staging.send(slot, count * line);
      action.arrived(at, count, slot.device());
      staging.release(slot);
    }
  }

  private static int pieceLines(int lines, long lineBytes, int step) {
    long fitting = (Staging.PIECE_BYTES - Long.BYTES) / lineBytes / step * step;
    if (fitting < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a line of a weight has %d bytes, more than a piece of %d holds",
              lineBytes,
              Staging.PIECE_BYTES));
    }
    return (int) Math.min(lines, fitting);
  }

  /**
   * Refuses weights that are not numbers: products would take them for large ones.
   *
   * @param transfers reads the counter
   */
  void check(Transfers transfers) {
    float[] count = new float[1];
    transfers.read(notNumbers, count, 0, 1);
    int found = Float.floatToRawIntBits(count[0]);
    if (found != 0) {
      throw new BackendException(
          String.format(
              Locale.ROOT,
              "%d FP8 weights of the checkpoint are not numbers: it is damaged",
              found));
    }
  }
}
