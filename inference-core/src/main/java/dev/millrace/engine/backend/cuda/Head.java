package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.cuda.Products.Grouping;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;

/**
 * Final norm and head of selected rows, and the questions about their logits. The logits of a wave
 * of rows lie in scratch memory of bounded size; more rows are computed wave after wave. Owned by
 * the engine thread.
 */
final class Head implements CudaContext.Resource {

  /** Bytes of logits that are kept at once, unless one row alone needs more. */
  private static final long LOGITS_BYTES = 256L << 20;

  private static final int NORM_THREADS = 256;
  private static final int NORM_SHARED_BYTES = 64;
  private static final int PART = 8192;
  private static final int PART_THREADS = 256;
  private static final int PART_SHARED_BYTES = 128;
  private static final int FOLD_THREADS = 32;
  private static final int SUMMARY_BYTES = 16;
  private static final int QUESTIONS_MAX = 4096;
  private static final long QUESTION_BYTES = 2L * QUESTIONS_MAX * Integer.BYTES;
  private static final int SAMPLE_THREADS = 512;
  private static final int SAMPLE_SHARED_BYTES = 16528;
  private static final int SAMPLE_REQUEST_BYTES = 32;

  /** Elements of a row up to which a token can be chosen on the device: its sums fit 64 bits. */
  static final int SAMPLE_VOCABULARY_MAX = 1 << 18;

  private final Work work;
  private final Products products;
  private final CudaStream stream;
  private final Transfers transfers;
  private final RowSelection selection;
  private final HostWritten questions;
  private final PinnedBuffer summaries;
  private final int waveRows;
  private final Precision precision;
  private final long normed;
  private final long operands;
  private final long logits;
  private final long parts;
  private final long rowSummaries;
  private final long answers;

  /** Borrows what it works with and allocates the rest. */
  Head(
      Work work,
      Products products,
      CudaStream stream,
      Transfers transfers,
      Extents extents,
      DevicePool pool) {
    this.work = work;
    this.products = products;
    this.stream = stream;
    this.transfers = transfers;
    precision = extents.precision();
    waveRows = extents.waveRows();
    long capacity = Buckets.capacity(waveRows);
    selection = new RowSelection(stream, Buckets.capacity(waveRows));
    questions = new HostWritten(stream, QUESTION_BYTES);
    summaries = new PinnedBuffer(capacity * SUMMARY_BYTES);
    String what = String.format(Locale.ROOT, "logits of %d rows", waveRows);
    normed = pool.allocate(capacity * extents.width() * precision.bytes(), what);
    operands =
        precision == Precision.BF16
            ? normed
            : pool.allocate(capacity * extents.width() * precision.operandBytes(), what);
    logits = pool.allocate(capacity * extents.vocabulary() * Float.BYTES, what);
    parts =
        pool.allocate(capacity * Math.ceilDiv(extents.vocabulary(), PART) * SUMMARY_BYTES, what);
    rowSummaries = pool.allocate(capacity * SUMMARY_BYTES, what);
    answers = pool.allocate((long) QUESTIONS_MAX * Float.BYTES, what);
  }

  /**
   * What there must be room for.
   *
   * @param rows most rows that may be selected
   * @param width widest rows
   * @param vocabulary widest result of any matrix
   * @param precision of the operands
   */
  record Extents(int rows, int width, int vocabulary, Precision precision) {

    /** Rows of a wave. */
    int waveRows() {
      long fitting = LOGITS_BYTES / ((long) Float.BYTES * vocabulary);
      return Math.clamp(fitting, 1, rows);
    }

    /** Bytes on the device that a head of these extents has the host write. */
    long writtenBytes() {
      return RowSelection.bytes(Buckets.capacity(waveRows())) + QUESTION_BYTES;
    }

    /** Bytes that a head of these extents allocates. */
    long scratchBytes() {
      long capacity = Buckets.capacity(waveRows());
      int operand = precision.bytes();
      if (precision == Precision.F32) {
        operand += precision.operandBytes();
      }
      return capacity
              * ((long) operand * width
                  + 4L * vocabulary
                  + (long) SUMMARY_BYTES * (1 + Math.ceilDiv(vocabulary, PART)))
          + (long) QUESTIONS_MAX * Float.BYTES;
    }
  }

  /** The rows that were selected and what they go through. */
  record Selected(long hidden, NormWeight weight, float epsilon, PackedMatrix head, int[] rows) {

    int waves(int waveRows) {
      return Math.ceilDiv(rows.length, waveRows);
    }
  }

  /** Rows of a wave. */
  int waveRows() {
    return waveRows;
  }

  /** Puts the computation of one wave into the stream, and the copy of its summaries. */
  void compute(Selected selected, int wave) {
    int first = wave * waveRows;
    int count = Math.min(waveRows, selected.rows().length - first);
    int capacity = Buckets.capacity(count);
    selection.send(selected.rows(), first, count);
    PackedMatrix head = selected.head();
    work.arguments()
        .pointer(selected.hidden())
        .pointer(selected.weight().address())
        .pointer(normed)
        .pointer(selection.address())
        .number(head.inputs())
        .real(selected.epsilon());
    work.launch(
        work.kernel(precision.kernel("mr_norm_selected")),
        Grid.of(capacity, NORM_THREADS, NORM_SHARED_BYTES));
    long plane = (long) capacity * head.inputs();
    if (precision == Precision.F32) {
      CudaRows.toTerms(work, normed, operands, plane, capacity, head.inputs());
    }
    Grouping all = Grouping.all(selection.address(), capacity);
    Products.Operand rows =
        new Products.Operand(operands, plane, head.inputs(), selection.address(), capacity);
    products.multiply(rows, head, all, logits, false);
    summarise(head.outputs(), capacity);
    work.flush();
    stream.copyOut(summaries.memory(), rowSummaries, (long) count * SUMMARY_BYTES);
  }

  private void summarise(int vocabulary, int capacity) {
    int count = Math.ceilDiv(vocabulary, PART);
    work.arguments()
        .pointer(logits)
        .pointer(parts)
        .pointer(selection.address())
        .wide(vocabulary)
        .number(vocabulary);
    work.launch(
        work.kernel("mr_logits_parts"),
        new Grid(count, capacity, 1, PART_THREADS, PART_SHARED_BYTES));
    work.arguments()
        .pointer(parts)
        .pointer(rowSummaries)
        .pointer(selection.address())
        .number(count);
    work.launch(work.kernel("mr_logits_fold"), Grid.of(capacity, FOLD_THREADS, 0));
  }

  /** Waits for the wave that was computed last. */
  void await() {
    stream.await();
  }

  /** Smallest id with the largest logit of a row of the wave; after {@link #await}. */
  int argmax(int rowOfWave) {
    return summaries
        .memory()
        .get(ValueLayout.JAVA_INT, (long) rowOfWave * SUMMARY_BYTES + Float.BYTES);
  }

  /** {@code log(sum(exp(logit)))} of a row of the wave; after {@link #await}. */
  double logSum(int rowOfWave) {
    long at = (long) rowOfWave * SUMMARY_BYTES;
    float largest = summaries.memory().get(ValueLayout.JAVA_FLOAT, at);
    double sum = summaries.memory().get(ValueLayout.JAVA_DOUBLE, at + 2L * Float.BYTES);
    return largest + Math.log(sum);
  }

  /** Fetches single logits of a row of the wave. */
  void gather(int rowOfWave, int[] ids, float[] values, int vocabulary) {
    for (int done = 0; done < ids.length; done += QUESTIONS_MAX) {
      int count = Math.min(QUESTIONS_MAX, ids.length - done);
      long bytes = 2L * count * Integer.BYTES;
      MemorySegment words = questions.begin(bytes);
      for (int i = 0; i < count; i++) {
        words.setAtIndex(ValueLayout.JAVA_INT, 2L * i, rowOfWave);
        words.setAtIndex(ValueLayout.JAVA_INT, 2L * i + 1, ids[done + i]);
      }
      questions.send(bytes);
      work.arguments()
          .pointer(logits)
          .pointer(answers)
          .pointer(questions.address())
          .number(count)
          .wide(vocabulary);
      work.launch(
          work.kernel("mr_logits_gather"),
          Grid.of(Math.ceilDiv(count, PART_THREADS), PART_THREADS, 0));
      transfers.read(answers, values, done, count);
    }
  }

  /** Chooses a token of a row of the wave, as {@link Logits#choose} says. */
  int choose(int rowOfWave, double temperature, double topP, double uniform, int vocabulary) {
    MemorySegment request = questions.begin(SAMPLE_REQUEST_BYTES);
    request.set(ValueLayout.JAVA_INT, 0, rowOfWave);
    request.set(ValueLayout.JAVA_INT, Integer.BYTES, 0);
    request.setAtIndex(ValueLayout.JAVA_DOUBLE, 1, temperature);
    request.setAtIndex(ValueLayout.JAVA_DOUBLE, 2, topP);
    request.setAtIndex(ValueLayout.JAVA_DOUBLE, 3, uniform);
    questions.send(SAMPLE_REQUEST_BYTES);
    work.arguments()
        .pointer(logits)
        .pointer(questions.address())
        .pointer(rowSummaries)
        .pointer(answers)
        .wide(vocabulary)
        .number(vocabulary);
    work.launch(work.kernel("mr_sample"), Grid.of(1, SAMPLE_THREADS, SAMPLE_SHARED_BYTES));
    return transfers.readInt(answers);
  }

  /** Fetches a whole row of the wave. */
  void copy(int rowOfWave, float[] values, int vocabulary) {
    transfers.read(logits + (long) rowOfWave * vocabulary * Float.BYTES, values, 0, vocabulary);
  }

  @Override
  public void close() {
    selection.close();
    questions.close();
    summaries.close();
  }
}
