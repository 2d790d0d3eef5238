package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.Driver;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.engine.model.TinyModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A sequence's logits have the same bits whatever else is in the step, wherever it stands in it,
 * and however it was cut into steps. A backend's test extends this class, once per arithmetic.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BatchInvarianceKit {

  private static final int BLOCK_TOKENS = 8;
  private static final int LENGTH = 77;
  private static final int ROUNDS = 20;

  private Checkpoint checkpoint;
  private DecoderModel model;
  private int[] tokens;
  private float[][] alone;

  /** A fresh backend; the kit closes it. */
  protected abstract ComputeBackend backend();

  /** The model that is run. */
  protected TinyModel tiny() {
    return TinyModel.ofSeed(3);
  }

  /** Writes the model into a directory of its own. */
  protected Path write(Path directory) {
    return tiny().writeTo(directory);
  }

  /** A model with learnt norms and experts whose outputs are weighed, for {@link #write}. */
  protected static Path qwen3(Path directory) {
    return GoldenCase.open("qwen3-moe-step", directory).directory();
  }

  /** A model whose rows see windows of 16 positions, for {@link #write}. */
  protected static Path mistral(Path directory) {
    return GoldenCase.open("mistral", directory).directory();
  }

  /** Neighbourhoods that are tried. */
  protected int rounds() {
    return ROUNDS;
  }

  /** Every so many rows are asked for by themselves. */
  protected int askedApart() {
    return 1;
  }

  @BeforeAll
  void load(@TempDir Path directory) {
    checkpoint = Checkpoint.open(write(directory));
    model =
        DecoderModel.load(checkpoint, backend(), new ModelLimits(256, 16, 8L << 20, BLOCK_TOKENS));
    tokens = random(new SplittableRandom(1), LENGTH);
    alone = new Driver(model).logits(tokens, LENGTH);
  }

  @AfterAll
  void close() {
    if (model != null) {
      model.close();
    }
    if (checkpoint != null) {
      checkpoint.close();
    }
  }

  /** Sizes of chunks that are tried. */
  protected IntStream chunks() {
    return IntStream.of(1, 2, 7, 16, 17, 64);
  }

  @ParameterizedTest
  @MethodSource("chunks")
  void shouldNotDependOnTheSizeOfChunks(int chunk) {
    same("chunks of " + chunk, new Driver(model).logits(tokens, chunk));
  }

  @Test
  void shouldNotDependOnWhichBlocksItGets() {
    int[] blocks =
        IntStream.range(0, model.kv().blocks()).map(i -> model.kv().blocks() - 1 - i).toArray();
    same("blocks in reverse", new Driver(model, blocks).logits(tokens, 16));
  }

  @Test
  void shouldNotDependOnNeighbours() {
    for (int seed = 0; seed < rounds(); seed++) {
      same("among neighbours, seed " + seed, new Crowd(new SplittableRandom(seed)).run());
    }
  }

  @Test
  void shouldNotDependOnWhichLogitsAreAsked() {
    float[][] single = alone.clone();
    for (int row = 0; row < LENGTH; row += askedApart()) {
      Logits logits = new Driver(model).step(tokens, 0, new int[] {row});
      single[row] = Driver.row(logits, 0);
    }
    same("one row of logits at a time", single);
  }

  @Test
  void shouldContinueAForkAsItWouldHaveContinuedItself() {
    int fork = 3 * BLOCK_TOKENS + 5;
    int blocks = Math.ceilDiv(LENGTH, BLOCK_TOKENS);
    int[] parent = IntStream.range(0, blocks).toArray();
    // shares the whole blocks, owns a copy of the partial one
    int[] child = IntStream.range(0, blocks).map(i -> i < 3 ? i : 100 + i).toArray();
    Driver original = new Driver(model, parent);
    Driver forked = new Driver(model, child);
    float[][] rows = new float[LENGTH][];
    System.arraycopy(original.logits(Arrays.copyOf(tokens, fork), 10), 0, rows, 0, fork);

    model.copyBlocks(new int[] {3}, new int[] {103});
    int[] other = random(new SplittableRandom(9), LENGTH - fork);
    original.step(other, fork, new int[0]);
    for (int at = fork; at < LENGTH; at++) {
      rows[at] = Driver.row(forked.step(new int[] {tokens[at]}, at, new int[] {0}), 0);
    }

    same("after a fork", rows);
  }

  private void same(String what, float[][] found) {
    assertThat(Verdict.sameBits(what, alone, found)).isEmpty();
  }

  private int[] random(SplittableRandom random, int length) {
    int[] ids = new int[length];
    Arrays.setAll(ids, i -> random.nextInt(model.vocabulary()));
    return ids;
  }

  /** The sequence under test and random neighbours, advanced by random amounts. */
  private final class Crowd {

    private final SplittableRandom random;
    private final List<Member> members = new ArrayList<>();
    private final float[][] rows = new float[LENGTH][];

    Crowd(SplittableRandom random) {
      this.random = random;
      int[] shuffled = IntStream.range(0, model.kv().blocks()).toArray();
      for (int i = shuffled.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        int block = shuffled[i];
        shuffled[i] = shuffled[j];
        shuffled[j] = block;
      }
      int dealt = 0;
      int count = 1 + random.nextInt(8);
      int target = random.nextInt(count);
      for (int i = 0; i < count; i++) {
        int[] ids = i == target ? tokens : random(random, 1 + random.nextInt(LENGTH));
        int blocks = Math.ceilDiv(ids.length, BLOCK_TOKENS);
        members.add(
            new Member(ids, Arrays.copyOfRange(shuffled, dealt, dealt + blocks), i == target));
        dealt += blocks;
      }
    }

    float[][] run() {
      Member target = members.stream().filter(member -> member.target).findFirst().orElseThrow();
      while (target.done < LENGTH) {
        step(target);
      }
      return rows;
    }

    private void step(Member target) {
      List<StepLayout.Run> runs = new ArrayList<>();
      List<Integer> wanted = new ArrayList<>();
      int row = 0;
      int targetRow = -1;
      int from = target.done;
      for (Member member : members) {
        int left = member.ids.length - member.done;
        if (left == 0 || (!member.target && random.nextInt(3) == 0)) {
          continue;
        }
        int take = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(Math.min(left, 31));
        int end = member.done + take;
        runs.add(
            new StepLayout.Run(
                Arrays.copyOfRange(member.ids, member.done, end), member.done, member.blocks));
        if (member.target) {
          targetRow = wanted.size();
          for (int i = 0; i < take; i++) {
            wanted.add(row + i);
          }
        } else if (random.nextBoolean()) {
          wanted.add(row);
        }
        member.done = end;
        row += take;
      }
      int[] asked = wanted.stream().mapToInt(Integer::intValue).toArray();
      Logits logits = model.forward(new StepLayout(runs), asked);
      for (int i = from; i < target.done; i++) {
        rows[i] = Driver.row(logits, targetRow + i - from);
      }
    }
  }

  /** One sequence of a crowd. */
  private static final class Member {
    private final int[] ids;
    private final int[] blocks;
    private final boolean target;
    private int done;

    Member(int[] ids, int[] blocks, boolean target) {
      this.ids = ids;
      this.blocks = blocks;
      this.target = target;
    }
  }
}
