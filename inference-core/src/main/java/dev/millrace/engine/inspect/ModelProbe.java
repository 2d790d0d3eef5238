package dev.millrace.engine.inspect;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendException;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.model.DecoderModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Runs a model by hand, one sequence and no scheduling: logits of given ids, for comparison with
 * other programs. Not thread-safe: one thread opens, uses and closes it.
 */
public final class ModelProbe implements AutoCloseable {
  private final OpenModel open;
  private final DecoderModel model;
  private final int[] blocks;

  private ModelProbe(OpenModel open) {
    this.open = open;
    this.model = open.model();
    int needed = Math.ceilDiv(model.contextTokens(), model.kv().blockTokens());
    this.blocks = IntStream.range(0, Math.min(needed, model.kv().blocks())).toArray();
  }

  /**
   * Loads a model.
   *
   * @param options of them backend, step size and memory count
   * @throws EngineException if the directory, the backend or the memory do not allow it
   */
  public static ModelProbe open(Path directory, EngineOptions options) {
    EngineOptions oneSequence =
        new EngineOptions(
            options.backend(),
            options.backendOptions(),
            options.stepTokensMax(),
            options.kvMemoryBytes(),
            1,
            1,
            false);
    return new ModelProbe(OpenModel.open(directory, oneSequence));
  }

  /** What computes it. */
  public BackendInfo backend() {
    return model.backend();
  }

  /**
   * Computes the logits of every token.
   *
   * @param tokens ids from position 0 on
   * @param rows is given one row after the other, in order; the array is used again
   * @throws EngineException if the ids do not fit the model
   */
  public void logits(int[] tokens, Consumer<float[]> rows) {
    logits(tokens, model.stepRowsMax(), rows);
  }

  private void logits(int[] tokens, int stepRows, Consumer<float[]> rows) {
    requireFit(tokens, 0);
    float[] row = new float[model.vocabulary()];
    for (int at = 0; at < tokens.length; at += stepRows) {
      int end = Math.min(tokens.length, at + stepRows);
      int[] part = Arrays.copyOfRange(tokens, at, end);
      Logits logits = step(part, at, IntStream.range(0, part.length).toArray());
      for (int i = 0; i < part.length; i++) {
        logits.copy(i, row);
        rows.accept(row);
      }
    }
  }

  /**
   * Continues ids with the likeliest tokens; does not stop at a stop token.
   *
   * @param count number of tokens
   * @throws EngineException if the ids do not fit the model
   */
  public int[] greedy(int[] prompt, int count) {
    requireFit(prompt, count);
    int[] ids = new int[count];
    int[] next = prompt;
    int position = 0;
    for (int i = 0; i < count; i++) {
      while (next.length > model.stepRowsMax()) {
        step(Arrays.copyOf(next, model.stepRowsMax()), position, new int[0]);
        position += model.stepRowsMax();
        next = Arrays.copyOfRange(next, model.stepRowsMax(), next.length);
      }
      ids[i] = step(next, position, new int[] {next.length - 1}).argmax(0);
      position += next.length;
      next = new int[] {ids[i]};
    }
    return ids;
  }

  /** As below, telling nobody how far it is. */
  public void logits(Path input, Path output, int greedyPrompt, int greedyTokens) {
    logits(input, output, greedyPrompt, greedyTokens, rows -> {});
  }

  /**
   * Reads I64 {@code input_ids} [1, T] and writes F32 {@code logits} [T, vocabulary] and, if {@code
   * greedyTokens} is positive, I64 {@code greedy_ids} [greedyTokens] that continue the first {@code
   * greedyPrompt} ids.
   *
   * @param rowsDone told the number of rows written so far, after each
   * @throws EngineException naming the file, found and expected
   */
  public void logits(
      Path input, Path output, int greedyPrompt, int greedyTokens, IntConsumer rowsDone) {
    int[] tokens = LogitsFile.readIds(input, model.vocabulary(), model.contextTokens());
    if (greedyTokens < 0 || (greedyTokens > 0 && greedyPrompt < 1)) {
      throw new EngineException(
          String.format(
              Locale.ROOT,
              "a greedy continuation needs a prompt of 1 or more and 0 or more tokens, got "
                  + "%d and %d",
              greedyPrompt,
              greedyTokens));
    }
    if (greedyTokens > 0 && greedyPrompt > tokens.length) {
      throw new EngineException(
          String.format(
              Locale.ROOT,
              "the greedy prompt has %d ids, %s holds %d",
              greedyPrompt,
              input,
              tokens.length));
    }
    try (LogitsFile file =
        LogitsFile.create(output, tokens.length, model.vocabulary(), greedyTokens)) {
      int[] done = new int[1];
      logits(
          tokens,
          row -> {
            file.append(row);
            rowsDone.accept(++done[0]);
          });
      file.finish(
          greedyTokens == 0
              ? new int[0]
              : greedy(Arrays.copyOf(tokens, greedyPrompt), greedyTokens));
    }
  }

  /**
   * Compares with what another program computed: I64 {@code input_ids} [1, T], F32 {@code logits}
   * [T, vocabulary] and, if a continuation is asked for, I64 {@code greedy_ids} [G]. Computes the
   * logits twice, in whole steps and in parts.
   *
   * @param greedyPrompt ids that {@code greedy_ids} continue; 0 compares no continuation
   * @param partRows ids of a step in the second computation
   * @param farShare share of the largest logit beyond which a row counts as far off
   * @throws EngineException naming the file, found and expected
   */
  public LogitComparison compare(Path expected, int greedyPrompt, int partRows, double farShare) {
    LogitsFile.Expected file =
        LogitsFile.readExpected(expected, model.vocabulary(), model.contextTokens());
    int[] tokens = file.ids();
    if (partRows < 1 || greedyPrompt < 0 || greedyPrompt > tokens.length) {
      throw new EngineException(
          String.format(
              Locale.ROOT,
              "parts have 1 or more ids and a prompt at most the %d of %s, got %d and %d",
              tokens.length,
              expected,
              partRows,
              greedyPrompt));
    }
    List<float[]> whole = new ArrayList<>();
    logits(tokens, row -> whole.add(row.clone()));
    List<float[]> parts = new ArrayList<>();
    logits(tokens, Math.min(partRows, model.stepRowsMax()), row -> parts.add(row.clone()));
    double[] differences = new double[tokens.length];
    double largest = 0;
    int otherBits = 0;
    for (int r = 0; r < tokens.length; r++) {
      float[] wanted = file.logits()[r];
      for (int i = 0; i < wanted.length; i++) {
        double off = Math.abs(whole.get(r)[i] - wanted[i]);
        differences[r] =
            Math.max(differences[r], Double.isNaN(off) ? Double.POSITIVE_INFINITY : off);
        largest = Math.max(largest, Math.abs(wanted[i]));
      }
      otherBits += Arrays.mismatch(whole.get(r), parts.get(r)) >= 0 ? 1 : 0;
    }
    double far = farShare * largest;
    int farRows = (int) Arrays.stream(differences).filter(row -> row > far).count();
    Arrays.sort(differences);
    int[] wanted = greedyPrompt == 0 ? new int[0] : file.greedyIds();
    int[] found =
        wanted.length == 0
            ? new int[0]
            : greedy(Arrays.copyOf(tokens, greedyPrompt), wanted.length);
    int differs = Arrays.mismatch(wanted, found);
    return new LogitComparison(
        tokens.length,
        differences[differences.length - 1],
        largest,
        differences[differences.length / 2],
        farRows,
        partRows,
        otherBits,
        wanted.length,
        differs < 0 ? wanted.length : differs);
  }

  private void requireFit(int[] tokens, int more) {
    long length = (long) tokens.length + more;
    long room = Math.min(model.contextTokens(), (long) blocks.length * model.kv().blockTokens());
    if (tokens.length == 0 || length > room) {
      throw new EngineException(
          String.format(
                  Locale.ROOT,
                  "%d ids and %d more: expected at least one and at most %d together "
                      + "(context %d, room for",
                  tokens.length,
                  more,
                  room,
                  model.contextTokens())
              + " keys and values; raise kvMemoryBytes if that is the smaller)");
    }
    OptionalInt image = open.checkpoint().config().imageToken();
    for (int token : tokens) {
      if (image.isPresent() && token == image.getAsInt()) {
        throw new EngineException(
            String.format(
                Locale.ROOT,
                "id %d stands for a part of an image, and no images are computed here; leave it"
                    + " out",
                token));
      }
      if (token < 0 || token >= model.vocabulary()) {
        throw new EngineException(
            String.format(
                Locale.ROOT, "id %d is outside the vocabulary of %d", token, model.vocabulary()));
      }
    }
  }

  private Logits step(int[] tokens, int position, int[] logitRows) {
    try {
      StepLayout.Run run = new StepLayout.Run(tokens, position, blocks);
      return model.forward(new StepLayout(List.of(run)), logitRows);
    } catch (BackendException e) {
      throw new EngineException("the device failed: " + e.getMessage(), e);
    }
  }

  /** Frees the model. Idempotent. */
  @Override
  public void close() {
    open.close();
  }
}
