package dev.millrace.engine.device;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.Owner;
import dev.millrace.engine.request.Prompt;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.request.TokenScores;
import dev.millrace.engine.sampling.LogSoftmax;
import dev.millrace.engine.scheduling.SchedulerLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What runs when, and how much of it. */
class EngineLoopTest {
  private static final int VOCABULARY = 50;
  private static final int CONTEXT = 4096;
  private static final int BLOCK = 8;
  private static final Oracle ORACLE = new Oracle(VOCABULARY, Set.of());

  private final Random random = new Random(1);
  private final Object owner = new Object();
  private final List<int[]> steps = new ArrayList<>();
  private long now = 1_000;

  @Test
  void shouldComputeADocumentOnceForAllItsTasks() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(301);
    Recorder recorder =
        bench.submit(
            owner, document, generate(tokens(9), 12), generate(tokens(7), 5), labels(tokens(4)));

    bench.runAll();

    RequestUsage usage = recorder.usage();
    assertThat(usage.prefixTokens()).isEqualTo(301);
    assertThat(usage.cachedTokens()).isZero();
    assertThat(prefillRows()).isEqualTo(301 + usage.suffixTokens());
    assertThat(bench.forward.computedRows()).isEqualTo(prefillRows() + 11 + 4);
    assertThat(((Generated) recorder.result(0)).tokens()).hasSize(12);
  }

  @Test
  void shouldComputeADocumentOnceForTwoRequestsAtTheSameTime() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(300);
    Recorder first = bench.submit(owner, document, generate(tokens(9), 3));
    Recorder second = bench.submit(owner, document, generate(tokens(5), 3));

    bench.runAll();

    assertThat(first.usage().cachedTokens()).isZero();
    assertThat(second.usage().cachedTokens()).as("whole blocks of 300").isEqualTo(296);
    assertThat(prefillRows()).isEqualTo(300 + 9 + 4 + 5);
  }

  @Test
  void shouldContinueADocumentThatItsFirstRequestGaveUp() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(300);
    bench.submit(owner, document, generate(tokens(9), 3));
    Recorder second = bench.submit(owner, document, generate(tokens(5), 3));
    bench.turn();
    bench.turn();
    bench.active.getFirst().cancel();
    bench.loop.dropCancelled();

    bench.runAll();

    assertThat(second.usage().cachedTokens()).as("what two steps had computed").isEqualTo(128);
    assertThat(((Generated) second.result(0)).tokens()).hasSize(3);
  }

  /** 8 blocks are a chunk of 64 tokens, and a step of 16 tokens is 2. */
  @Test
  void shouldHoldOnlyLocalBlocksThatCanStillBeSeen() {
    Bench bench = bench(localLimits(), 200, 40);
    int[] document = tokens(500);
    Branch branch = generate(tokens(5), 100);
    Recorder first = bench.submit(owner, document, branch);
    int most = 0;
    while (bench.turn()) {
      bench.loop.scheduler().verifyIntegrity();
      most = Math.max(most, bench.loop.scheduler().localBlocksHeld());
    }

    assertThat(((Generated) first.result(0)).tokens())
        .isEqualTo(ORACLE.generate(document, (Branch.Generate) branch).tokens());
    assertThat(most).as("of 76 blocks that the sequence has").isBetween(8, 12);
    assertThat(bench.loop.scheduler().localBlocksHeld()).isZero();
  }

  @Test
  void shouldReuseAPrefixWhoseLocalBlocksAreStillThere() {
    Bench bench = bench(localLimits(), 400, 100);
    int[] document = tokens(300);
    bench.submit(owner, document, generate(tokens(5), 3));
    bench.runAll();
    Recorder again = bench.submit(owner, document, generate(tokens(4), 3));
    Recorder beginning = bench.submit(owner, Arrays.copyOf(document, 100), generate(tokens(4), 3));
    bench.runAll();

    assertThat(again.usage().cachedTokens()).isEqualTo(296);
    assertThat(beginning.usage().cachedTokens()).isEqualTo(96);
  }

  /** Where local blocks are gone, a prefix can be used up to the beginning of its chunk. */
  @Test
  void shouldReuseAPrefixUpToWhereLocalBlocksAreMissing() {
    Bench bench = bench(localLimits(), 400, 24);
    int[] document = tokens(300);
    bench.submit(owner, document, generate(tokens(5), 3));
    bench.runAll();
    Branch branch = generate(tokens(4), 3);
    // 24 local blocks hold the end of the document, whose 300 tokens are 37 of them: of the first
    // chunk nothing is left, which nobody sees from the second on, and of that its beginning
    int[] part = Arrays.copyOf(document, 100);
    Recorder beginning = bench.submit(owner, part, branch);
    bench.runAll();
    Recorder afterwards = bench.submit(owner, document, branch);
    bench.runAll();

    assertThat(beginning.usage().cachedTokens()).isBetween(64, 88);
    assertThat(((Generated) beginning.result(0)).tokens())
        .isEqualTo(ORACLE.generate(part, (Branch.Generate) branch).tokens());
    assertThat(afterwards.usage().cachedTokens()).isPositive();
    assertThat(((Generated) afterwards.result(0)).tokens())
        .isEqualTo(ORACLE.generate(document, (Branch.Generate) branch).tokens());
  }

  private static SchedulerLimits localLimits() {
    return new SchedulerLimits(16, 2, BLOCK, 8, true, 12, 0);
  }

  private Bench bench(SchedulerLimits limits, int blocks, int localBlocks) {
    return new Bench(limits, blocks, localBlocks);
  }

  @Test
  void shouldShareASystemPromptBetweenDocuments() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] system = tokens(40);
    Recorder first = bench.submit(owner, concat(system, tokens(50)), generate(tokens(3), 2));
    Recorder second = bench.submit(owner, concat(system, tokens(60)), generate(tokens(3), 2));

    bench.runAll();

    assertThat(first.usage().cachedTokens()).isZero();
    assertThat(second.usage().cachedTokens()).isEqualTo(40);
  }

  @Test
  void shouldComputeTheLastTokenAgainWhenItsLogitsAreWanted() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(32);
    bench.submit(owner, document, generate(new int[0], 2));
    bench.runAll();
    Recorder again = bench.submit(owner, document, generate(new int[0], 2));
    Recorder withSuffix = bench.submit(owner, document, generate(tokens(1), 2));

    bench.runAll();

    assertThat(again.usage().cachedTokens()).isEqualTo(24);
    assertThat(withSuffix.usage().cachedTokens()).isEqualTo(32);
  }

  @Test
  void shouldCacheNothingWhenToldSo() {
    Bench bench = bench(limits(64, 16, false), 200);
    int[] document = tokens(300);
    bench.submit(owner, document, generate(tokens(9), 3));
    Recorder second = bench.submit(owner, document, generate(tokens(5), 3));

    bench.runAll();

    assertThat(second.usage().cachedTokens()).isZero();
  }

  @Test
  void shouldPutDecodeBeforePrefillAndKeepTheBudget() {
    Bench bench = bench(limits(16, 16, true), 400);
    bench.submit(owner, tokens(10), generate(tokens(2), 200), generate(tokens(2), 200));
    bench.submit(owner, tokens(500), generate(tokens(2), 2));

    bench.runAll();

    assertThat(steps).allSatisfy(step -> assertThat(step[0] + step[1]).isLessThanOrEqualTo(16));
    assertThat(steps)
        .as("two rows decode while fourteen prefill")
        .anySatisfy(step -> assertThat(step).containsExactly(2, 14));
    int last = steps.size() - 1;
    assertThat(steps.get(last)[0]).isPositive();
  }

  @Test
  void shouldLetSequencesDecodeInTurnWhenTheyAreMoreThanTheBudget() {
    Bench bench = bench(limits(2, 16, false), 400);
    Branch[] branches = new Branch[6];
    Arrays.setAll(branches, i -> generate(new int[0], 30));
    Recorder recorder = bench.submit(owner, tokens(4), branches);
    for (int i = 0; i < 60; i++) {
      bench.turn();
    }

    for (int i = 0; i < branches.length; i++) {
      assertThat(recorder.streamed(i)).hasSizeBetween(15, 25);
    }
    bench.runAll();
  }

  @Test
  void shouldServeOwnersInTurn() {
    Bench bench = bench(limits(32, 64, false), 400);
    List<Recorder> many = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      many.add(bench.submit(owner, tokens(30), generate(tokens(2), 1)));
    }
    Recorder other = bench.submit(new Object(), tokens(30), generate(tokens(2), 1));

    bench.runUntil(other);

    assertThat(many.stream().filter(Recorder::finished).count()).isLessThanOrEqualTo(3);
  }

  @Test
  void shouldServeOwnersByTheirShares() {
    Bench bench = bench(limits(64, 1, false), 200);
    List<String> order = new ArrayList<>();
    Owner large = new Owner(new Object(), 3, 0);
    Owner small = new Owner(new Object(), 1, 0);
    for (int i = 0; i < 12; i++) {
      bench.submit(named("large", large, order));
      bench.submit(named("small", small, order));
    }

    bench.runAll();

    assertThat(order.subList(0, 8))
        .containsExactly("large", "large", "large", "small", "large", "large", "large", "small");
    assertThat(order).hasSize(24);
  }

  @Test
  void shouldServeHigherPrioritiesFirst() {
    Bench bench = bench(limits(64, 1, false), 200);
    List<String> order = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      bench.submit(named("later", new Owner(owner, 5, -1), order));
      bench.submit(named("usual", Owner.of(owner), order));
      bench.submit(named("first", new Owner(owner, 1, 7), order));
    }

    bench.runAll();

    assertThat(order)
        .containsExactly(
            "first", "first", "first", "usual", "usual", "usual", "later", "later", "later");
  }

  /** Tells its name when it has its answer; requests run one after the other here. */
  private Told named(String name, Owner who, List<String> order) {
    InferenceRequest request =
        new InferenceRequest(owner, tokens(30), List.of(generate(tokens(2), 1)), Long.MAX_VALUE)
            .withOwner(who);
    return new Told(request, name, order);
  }

  private record Told(InferenceRequest request, String name, List<String> order)
      implements RequestListener {
    @Override
    public void onBranch(int branch, BranchResult result) {}

    @Override
    public void onRequest(RequestUsage usage) {
      order.add(name);
    }
  }

  @Test
  void shouldEndWithTheTokenThatCompletesAStopString() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(30);
    Branch.Generate free = (Branch.Generate) generate(tokens(3), 40);
    int[] tokens = ORACLE.generate(document, free).tokens();
    String text = Arrays.stream(tokens).mapToObj(FakeText::spell).collect(joining());
    String stop = text.substring(9, 13);
    int end = text.indexOf(stop) + stop.length();

    Recorder recorder = bench.submit(owner, document, free.withStopStrings(List.of("no", stop)));
    bench.runAll();

    Generated generated = (Generated) recorder.result(0);
    assertThat(generated.finish()).isEqualTo(Finish.STOP);
    assertThat(generated.stopString()).contains(stop);
    int count = generated.tokens().length;
    assertThat(generated.tokens()).isEqualTo(Arrays.copyOf(tokens, count));
    String found = Arrays.stream(generated.tokens()).mapToObj(FakeText::spell).collect(joining());
    assertThat(found.length()).isBetween(end, end + 1);
    assertThat(recorder.streamed(0)).isEqualTo(generated.tokens());
    assertThat(generated.usage().generatedTokens()).isEqualTo(count);
  }

  @Test
  void shouldTellTheLikeliestTokensAtEachPlace() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] document = tokens(30);
    Branch.Generate free = (Branch.Generate) generate(tokens(3), 6);

    Recorder recorder = bench.submit(owner, document, free.withTopLogProbabilities(4));
    bench.runAll();

    Generated generated = (Generated) recorder.result(0);
    assertThat(generated.tokens()).isEqualTo(ORACLE.generate(document, free).tokens());
    int[] history = concat(document, free.suffix());
    for (int i = 0; i < generated.tokens().length; i++) {
      float[] logits = FakeForward.logits(history, history.length, VOCABULARY);
      Integer[] falling =
          IntStream.range(0, VOCABULARY)
              .boxed()
              .sorted((a, b) -> Float.compare(logits[b], logits[a]))
              .toArray(Integer[]::new);
      TokenScores scores = generated.scores().get(i);
      assertThat(scores.likeliest()).hasSize(4);
      double[] expected = new double[4];
      LogSoftmax.of(logits, scores.likeliest(), expected);
      assertThat(Arrays.stream(scores.likeliest()).boxed())
          .containsExactly(Arrays.copyOf(falling, 4));
      assertThat(scores.logProbabilities()).isEqualTo(expected);
      assertThat(scores.token()).isEqualTo(falling[0]);
      assertThat(scores.logProbability()).isEqualTo(expected[0]);
      history = concat(history, new int[] {scores.token()});
    }
  }

  @Test
  void shouldComputeThePiecesOfAConversationOnce() {
    Bench bench = bench(limits(64, 16, true), 200);
    int[] turn = tokens(40);
    int[] answer = tokens(16);
    int[] next = tokens(24);
    Branch branch = generate(tokens(3), 5);
    bench.submit(owner, turn, branch);
    bench.runAll();

    Prompt conversation =
        new Prompt(
            List.of(
                new Prompt.Piece.Tokens(turn),
                new Prompt.Piece.Tokens(answer),
                new Prompt.Piece.Tokens(next)));
    Recorder recorder =
        bench.submit(
            new InferenceRequest(
                Owner.of(owner), conversation, "", List.of(branch), Long.MAX_VALUE));
    bench.runAll();

    assertThat(recorder.usage().cachedTokens()).isEqualTo(40);
    assertThat(((Generated) recorder.result(0)).tokens())
        .isEqualTo(
            ORACLE.generate(concat(turn, concat(answer, next)), (Branch.Generate) branch).tokens());
  }

  @Test
  void shouldServeOneOwnersRequestsInOrder() {
    Bench bench = bench(limits(32, 64, false), 400);
    List<Recorder> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(bench.submit(owner, tokens(30), generate(tokens(2), 1)));
    }
    for (int i = 0; i < 19; i++) {
      bench.runUntil(all.get(i));
      assertThat(all.get(19).finished()).isFalse();
    }
  }

  @Test
  void shouldAdmitByWorstCaseAndNeverTakeBack() {
    Bench bench = bench(limits(64, 16, false), 12);
    // 40 + 1 + 39 tokens are 10 blocks of 8: two do not fit side by side
    Recorder first = bench.submit(owner, tokens(40), generate(tokens(1), 40));
    Recorder second = bench.submit(owner, tokens(40), generate(tokens(1), 40));
    bench.turn();
    bench.turn();
    assertThat(bench.loop.scheduler().waitingRequests()).isEqualTo(1);

    bench.runUntil(first);
    assertThat(second.finished()).isFalse();
    bench.runAll();

    assertThat(((Generated) second.result(0)).tokens()).hasSize(40);
  }

  @Test
  void shouldNotLetSmallRequestsStarveALargeOne() {
    Bench bench = bench(limits(64, 16, false), 20);
    bench.submit(owner, tokens(70), generate(tokens(1), 60));
    Recorder large = bench.submit(owner, tokens(140), generate(tokens(1), 2));
    List<Recorder> small = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      small.add(bench.submit(owner, tokens(3), generate(tokens(1), 30)));
    }

    bench.runUntil(large);

    assertThat(small).noneMatch(Recorder::finished);
  }

  @Test
  void shouldBoundTheSequencesThatRunAtOnce() {
    Bench bench = bench(limits(64, 3, true), 400);
    Branch[] branches = new Branch[8];
    Arrays.setAll(branches, i -> generate(tokens(i % 3), 6));
    Recorder recorder = bench.submit(owner, tokens(21), branches);

    bench.runAll();

    assertThat(steps).allSatisfy(step -> assertThat(step[0]).isLessThanOrEqualTo(3));
    for (int i = 0; i < branches.length; i++) {
      assertThat(((Generated) recorder.result(i)).tokens()).hasSize(6);
    }
  }

  @Test
  void shouldScoreThroughTheTrieExactlyAsLabelByLabel() {
    Bench bench = bench(limits(64, 16, true), 400);
    int[] document = tokens(100);
    Branch.Score together = labels(tokens(5));
    Recorder trie = bench.submit(owner, document, together);
    List<Recorder> alone = new ArrayList<>();
    for (int[] label : together.labels()) {
      alone.add(bench.submit(owner, document, new Branch.Score(together.suffix(), List.of(label))));
    }

    bench.runAll();

    double[] scores = ((Scored) trie.result(0)).logProbabilities();
    for (int i = 0; i < scores.length; i++) {
      assertThat(scores[i]).isEqualTo(((Scored) alone.get(i).result(0)).logProbabilities()[0]);
    }
    assertThat(scores).isEqualTo(ORACLE.score(document, together));
    // 1 2 | 3 4 leaf | 5 inner, 6 leaf | 9 8 leaf: rows 2 + 1 + 1 + 0 + 1
    assertThat(trie.usage().suffixTokens()).isEqualTo(5 + 5);
  }

  @Test
  void shouldRunLabelNodesOfOneDepthInOneStep() {
    Bench bench = bench(limits(64, 16, true), 400);
    bench.submit(owner, tokens(10), labels(tokens(5)));

    bench.runAll();

    assertThat(steps.stream().map(step -> step[1]))
        .as("prefix, suffix, depth one: (1 2) and (9), depth two: (3) and (5)")
        .containsExactly(10, 5, 3, 2);
  }

  @Test
  void shouldScoreALargeLabelSetInWavesWhenMemoryIsSmall() {
    SchedulerLimits tight = new SchedulerLimits(64, 16, BLOCK, 4, true);
    Bench bench = bench(tight, 12);
    List<int[]> labels = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      labels.add(new int[] {i, i, i});
    }
    Branch.Score branch = new Branch.Score(tokens(3), labels);
    int[] document = tokens(20);
    Recorder recorder = bench.submit(owner, document, branch);

    bench.runAll();

    assertThat(((Scored) recorder.result(0)).logProbabilities())
        .isEqualTo(ORACLE.score(document, branch));
  }

  @Test
  void shouldFreeWhatALabelBranchHeldAsSoonAsItIsScored() {
    Bench bench = bench(limits(64, 16, false), 100);
    Recorder recorder = bench.submit(owner, tokens(20), labels(tokens(5)), generate(tokens(3), 60));
    while (!recorder.ended(0)) {
      bench.turn();
    }

    // 20 + 3 + 59 tokens at worst, 20 + 3 + a few now
    assertThat(bench.loop.scheduler().freeBlocks()).isGreaterThanOrEqualTo(100 - 4);
  }

  @Test
  void shouldEndARequestAtItsDeadlineWherever() {
    Bench bench = bench(limits(16, 16, false), 60);
    now = 5_000;
    Recorder running = bench.submitUntil(6_000, tokens(100), generate(tokens(1), 50));
    Recorder waiting = bench.submitUntil(6_000, tokens(400), generate(tokens(1), 50));
    Recorder later = bench.submitUntil(Long.MAX_VALUE, tokens(10), generate(tokens(1), 5));
    bench.turn();
    now = 5_999;
    bench.turn();
    assertThat(running.finished()).isFalse();

    now = 6_000;
    bench.turn();

    assertThat(((Failed) running.result(0)).reason()).isEqualTo(Reason.DEADLINE);
    assertThat(((Failed) waiting.result(0)).reason()).isEqualTo(Reason.DEADLINE);
    assertThat(running.usage().prefixTokens()).as("what was computed").isEqualTo(32);
    bench.runAll();
    assertThat(later.result(0)).isInstanceOf(Generated.class);
  }

  @Test
  void shouldShareTheTimeOfAStepByRows() {
    Bench bench = bench(limits(100, 16, false), 100);
    bench.forward.onStep(() -> now += 1_000);
    Recorder small = bench.submit(owner, tokens(20), generate(new int[0], 1));
    Recorder large = bench.submit(owner, tokens(60), generate(new int[0], 1));

    bench.runAll();

    assertThat(small.usage().computeNanos()).isEqualTo(250);
    assertThat(large.usage().computeNanos()).isEqualTo(750);
  }

  @Test
  void shouldRefuseToBeDrivenByAnotherThread() throws InterruptedException {
    Bench bench = bench(limits(16, 16, false), 60);
    Throwable[] thrown = new Throwable[1];
    Thread other =
        Thread.ofPlatform()
            .name("stranger")
            .start(() -> {
              try {
                bench.loop.scheduler().plan(0);
              } catch (IllegalStateException e) {
                thrown[0] = e;
              }
            });
    other.join();

    assertThat(thrown[0]).hasMessageContaining("stranger");
  }

  @Test
  void shouldRefuseWhatCanNeverFit() {
    Bench bench = bench(limits(16, 16, false), 10);

    assertThatThrownBy(() -> bench.submit(owner, tokens(80), generate(tokens(1), 5)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("up to 11 blocks, the pool has 10");
  }

  // ---- small words

  private static Branch generate(int[] suffix, int tokensMax) {
    return new Branch.Generate(suffix, tokensMax, SamplingParams.GREEDY);
  }

  private static Branch.Score labels(int[] suffix) {
    return new Branch.Score(
        suffix,
        List.of(
            new int[] {1, 2, 3, 4},
            new int[] {1, 2, 5},
            new int[] {1, 2, 5, 6},
            new int[] {9, 8},
            new int[] {7}));
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, VOCABULARY).toArray();
  }

  private static int[] concat(int[] a, int[] b) {
    int[] joined = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, joined, a.length, b.length);
    return joined;
  }

  private static SchedulerLimits limits(int budget, int sequences, boolean prefixCache) {
    return new SchedulerLimits(budget, sequences, BLOCK, 64, prefixCache);
  }

  private int prefillRows() {
    return steps.stream().mapToInt(step -> step[1]).sum();
  }

  private Bench bench(SchedulerLimits limits, int blocks) {
    return new Bench(limits, blocks);
  }

  private final class Bench {
    final FakeForward forward;
    final EngineLoop loop;
    final ActiveRequest.Surroundings surroundings;
    final List<ActiveRequest> active = new ArrayList<>();

    Bench(SchedulerLimits limits, int blocks) {
      this(limits, blocks, 0);
    }

    Bench(SchedulerLimits limits, int blocks, int localBlocks) {
      forward = new FakeForward(VOCABULARY, CONTEXT, limits.stepTokensMax(), blocks, BLOCK);
      if (localBlocks > 0) {
        forward.withLocal(
            localBlocks, limits.localBlocksOfASequence(), position -> position / 64 * 64);
      }
      EngineMetrics metrics =
          new EngineMetrics() {
            @Override
            public void step(String model, int decodeRows, int prefillRows, long nanos) {
              if (decodeRows + prefillRows > 0) {
                steps.add(new int[] {decodeRows, prefillRows});
              }
            }
          };
      loop = new EngineLoop("fake", forward, limits, new int[0], metrics, () -> now);
      surroundings =
          new ActiveRequest.Surroundings(
              "fake",
              new FakeText(),
              limits,
              metrics,
              () -> now,
              new Containment(),
              () -> {},
              () -> {},
              loop::ended);
    }

    Recorder submit(Object who, int[] prefix, Branch... branches) {
      return submit(new InferenceRequest(who, prefix, List.of(branches), Long.MAX_VALUE));
    }

    Recorder submitUntil(long deadline, int[] prefix, Branch... branches) {
      return submit(new InferenceRequest(owner, prefix, List.of(branches), deadline));
    }

    void submit(Told told) {
      ActiveRequest one = new ActiveRequest(told.request(), told, this, surroundings);
      loop.add(one);
      active.add(one);
    }

    Recorder submit(InferenceRequest request) {
      Recorder recorder = new Recorder(request);
      ActiveRequest one = new ActiveRequest(request, recorder, this, surroundings);
      loop.add(one);
      active.add(one);
      return recorder;
    }

    /** One step, if there is work. */
    boolean turn() {
      if (!loop.hasWork()) {
        return false;
      }
      loop.step();
      return true;
    }

    void runAll() {
      while (turn()) {
        loop.scheduler().verifyIntegrity();
      }
    }

    void runUntil(Recorder recorder) {
      while (!recorder.finished()) {
        assertThat(turn()).isTrue();
      }
    }
  }
}
