package dev.millrace.engine.device;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.Owner;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.request.TokenScores;
import dev.millrace.engine.scheduling.ScheduledRequest;
import dev.millrace.engine.scheduling.SchedulerLimits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs the engine step by step over {@link FakeForward} with random requests, limits, cancellations
 * and deadlines, compares every answer with {@link Oracle}, and recounts all blocks after every
 * step. {@code -Dsimulation.seed=N} repeats one run, {@code -Dsimulation.runs=N} makes more of
 * them.
 */
class EngineSimulationTest {
  private static final int VOCABULARY = 40;
  private static final int CONTEXT = 160;
  private static final Set<Integer> STOP = Set.of(0, 1, 2);
  private static final Oracle ORACLE = new Oracle(VOCABULARY, STOP);

  static IntStream seeds() {
    Integer only = Integer.getInteger("simulation.seed");
    return only != null
        ? IntStream.of(only)
        : IntStream.range(0, Integer.getInteger("simulation.runs", 60));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void shouldAnswerLikeTheOracleWhateverRunsTogether(int seed) {
    Run run = new Run(seed);
    try {
      run.all();
    } catch (RuntimeException | AssertionError e) {
      fail(String.format(Locale.ROOT, "seed=%d step=%d %s: %s", seed, run.steps, run.limits, e), e);
    }
  }

  /** One random history of an engine. */
  private static final class Run {
    final Random random;
    final SchedulerLimits limits;
    final FakeForward forward;
    final EngineLoop loop;
    final ActiveRequest.Surroundings surroundings;
    final Counters counters = new Counters();
    final List<Submitted> submitted = new ArrayList<>();
    final List<int[]> documents = new ArrayList<>();
    final List<Object> owners = List.of(new Object(), new Object(), new Object());
    long now = Long.MAX_VALUE / 3;
    int steps;

    private record Submitted(
        InferenceRequest request, ActiveRequest active, Recorder recorder, long atStep) {}

    Run(int seed) {
      random = new Random(seed);
      int blockTokens = 1 << random.nextInt(5);
      int blocks = 8 + Math.ceilDiv(CONTEXT, blockTokens) + random.nextInt(200);
      int budget = 1 + random.nextInt(random.nextBoolean() ? 8 : 100);
      int sequences = 1 + random.nextInt(12);
      int seen = 1 + random.nextInt(60);
      int ofASequence =
          random.nextBoolean()
              ? 0
              : Math.ceilDiv(seen, blockTokens) + Math.ceilDiv(budget, blockTokens) + 2;
      limits =
          new SchedulerLimits(
              budget,
              sequences,
              blockTokens,
              1 + random.nextInt(12),
              random.nextInt(5) > 0,
              ofASequence,
              random.nextInt(4));
      forward = new FakeForward(VOCABULARY, CONTEXT, budget, blocks, blockTokens);
      if (ofASequence > 0) {
        int extra = random.nextBoolean() ? 0 : random.nextInt(100);
        IntUnaryOperator chunk = position -> position / seen * seen;
        IntUnaryOperator window = position -> Math.max(0, position - seen + 1);
        forward.withLocal(
            (sequences + 1) * ofASequence + extra,
            ofASequence,
            random.nextBoolean() ? chunk : window);
      }
      forward.onStep(() -> now += random.nextInt(1000));
      int[] stop = STOP.stream().mapToInt(Integer::intValue).toArray();
      loop = new EngineLoop("fake", forward, limits, stop, counters, () -> now);
      surroundings =
          new ActiveRequest.Surroundings(
              "fake",
              new FakeText(),
              limits,
              counters,
              () -> now,
              new Containment(),
              () -> {},
              () -> {},
              loop::ended);
      for (int i = 0; i < 4; i++) {
        documents.add(tokens(1 + random.nextInt(CONTEXT - 40)));
      }
    }

    void all() {
      int requests = 20 + random.nextInt(60);
      while (submitted.size() < requests || loop.scheduler().hasWork()) {
        if (submitted.size() < requests && random.nextInt(3) == 0) {
          for (int i = random.nextInt(6); i >= 0; i--) {
            submit();
          }
        }
        if (!submitted.isEmpty() && random.nextInt(10) == 0) {
          int recent = Math.min(8, submitted.size());
          submitted.get(submitted.size() - 1 - random.nextInt(recent)).active().cancel();
          loop.dropCancelled();
          loop.scheduler().verifyIntegrity();
        }
        if (loop.hasWork()) {
          loop.step();
        }
        steps++;
        loop.scheduler().verifyIntegrity();
        assertThat(steps).as("steps").isLessThan(200_000);
      }
      assertThat(submitted).allSatisfy(this::check);
      checkSums();
    }

    void submit() {
      InferenceRequest request = request();
      ScheduledRequest scheduled =
          new ActiveRequest(request, new Recorder(request), this, surroundings).scheduled();
      long local = forward.localKv().map(kv -> (long) kv.shape().blocks()).orElse(0L);
      if (scheduled.blocksMax() > forward.kv().blocks() || scheduled.localBlocksMax() > local) {
        return;
      }
      Recorder recorder = new Recorder(request);
      ActiveRequest active = new ActiveRequest(request, recorder, this, surroundings);
      loop.add(active);
      submitted.add(new Submitted(request, active, recorder, steps));
    }

    InferenceRequest request() {
      int[] document = documents.get(random.nextInt(documents.size()));
      int[] prefix =
          switch (random.nextInt(4)) {
            case 0 -> tokens(1 + random.nextInt(40));
            case 1 -> Arrays.copyOf(document, 1 + random.nextInt(document.length));
            default -> document;
          };
      List<Branch> branches = new ArrayList<>();
      for (int i = random.nextInt(4); i >= 0; i--) {
        branches.add(branch(CONTEXT - prefix.length));
      }
      long deadline = random.nextInt(12) == 0 ? now + random.nextInt(20_000) : Long.MAX_VALUE;
      int who = random.nextInt(owners.size());
      return new InferenceRequest(owners.get(who), prefix, branches, deadline)
          .withOwner(new Owner(owners.get(who), 1 + who, random.nextInt(2)));
    }

    Branch branch(int room) {
      int[] suffix = tokens(random.nextInt(3) == 0 ? 0 : random.nextInt(12));
      int left = Math.min(20, room - suffix.length);
      if (random.nextBoolean()) {
        SamplingParams sampling =
            random.nextBoolean()
                ? SamplingParams.GREEDY
                : new SamplingParams(0.2 + random.nextDouble(), 0.5, random.nextLong());
        return new Branch.Generate(suffix, 1 + random.nextInt(left), sampling)
            .withStopStrings(random.nextInt(3) == 0 ? List.of("cdbc", "abb") : List.of())
            .withTopLogProbabilities(random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 0);
      }
      TreeMap<String, int[]> labels = new TreeMap<>();
      for (int i = random.nextInt(10); i >= 0; i--) {
        // few different tokens, so that labels share beginnings and continue one another
        int[] label = new int[1 + random.nextInt(Math.min(6, left))];
        Arrays.setAll(label, at -> random.nextInt(3));
        labels.put(Arrays.toString(label), label);
      }
      return new Branch.Score(suffix, List.copyOf(labels.values()));
    }

    int[] tokens(int count) {
      return random.ints(count, 0, VOCABULARY).toArray();
    }

    void check(Submitted one) {
      assertThat(one.recorder().complaint()).isNull();
      assertThat(one.recorder().finished()).isTrue();
      for (int i = 0; i < one.request().branches().size(); i++) {
        check(one, one.request().branches().get(i), one.recorder().result(i), i);
      }
    }

    void check(Submitted one, Branch branch, BranchResult result, int index) {
      int[] prefix = one.request().prefix();
      switch (result) {
        case Generated(int[] tokens, var finish, var stopString, var scores, var usage) -> {
          Oracle.Text expected = ORACLE.generate(prefix, (Branch.Generate) branch);
          assertThat(tokens).isEqualTo(expected.tokens());
          assertThat(finish).isEqualTo(expected.finish());
          checkExtras((Branch.Generate) branch, tokens, stopString, scores);
          assertThat(one.recorder().streamed(index)).isEqualTo(tokens);
          assertThat(usage.suffixTokens()).isEqualTo(branch.suffix().length);
        }
        case Scored(double[] logProbabilities, var usage) -> {
          double[] expected = ORACLE.score(prefix, (Branch.Score) branch);
          assertThat(logProbabilities).as("equal in bits").isEqualTo(expected);
          assertThat(usage.suffixTokens()).isGreaterThanOrEqualTo(branch.suffix().length);
        }
        case Failed(Reason reason, var message, var usage) -> {
          assertThat(message).isNotBlank();
          assertThat(usage).isNotNull();
          switch (reason) {
            case CANCELLED -> assertThat(one.active().withdrawal().isPresent()).isTrue();
            case DEADLINE -> assertThat(one.request().deadlineNanos()).isLessThan(Long.MAX_VALUE);
            default -> fail("unexpected " + reason);
          }
        }
      }
    }

    void checkExtras(
        Branch.Generate branch,
        int[] tokens,
        Optional<String> stopString,
        List<TokenScores> scores) {
      String text = Arrays.stream(tokens).mapToObj(FakeText::spell).collect(joining());
      stopString.ifPresentOrElse(
          found -> assertThat(text).contains(found),
          () -> assertThat(branch.stopStrings()).noneMatch(text::contains));
      if (branch.topLogProbabilities() == 0) {
        assertThat(scores).isEmpty();
        return;
      }
      assertThat(scores).extracting(TokenScores::token).containsExactly(box(tokens));
      for (TokenScores one : scores) {
        assertThat(one.likeliest()).hasSize(branch.topLogProbabilities());
        assertThat(one.logProbabilities()[0]).isGreaterThanOrEqualTo(one.logProbability());
      }
    }

    private static Integer[] box(int[] tokens) {
      return Arrays.stream(tokens).boxed().toArray(Integer[]::new);
    }

    /** What requests were told they used is what the engine computed. */
    void checkSums() {
      long prefill = 0;
      long decode = 0;
      long compute = 0;
      for (Submitted one : submitted) {
        RequestUsage usage = one.recorder().usage();
        prefill += usage.prefixTokens() - usage.cachedTokens() + usage.suffixTokens();
        compute += usage.computeNanos();
        int generated = 0;
        for (int i = 0; i < one.request().branches().size(); i++) {
          int tokens = one.recorder().result(i).usage().generatedTokens();
          generated += tokens;
          decode += Math.max(0, tokens - 1);
        }
        assertThat(usage.generatedTokens()).isEqualTo(generated);
        assertThat(usage.queueNanos()).isBetween(0L, now);
      }
      assertThat(prefill).isEqualTo(counters.prefillRows);
      assertThat(decode).isEqualTo(counters.decodeRows);
      assertThat(compute).isEqualTo(counters.nanos);
      assertThat(prefill + decode).isEqualTo(forward.computedRows());
      assertThat(counters.requests).isEqualTo(submitted.size());
    }
  }

  /** The engine's own count. */
  private static final class Counters implements EngineMetrics {
    long prefillRows;
    long decodeRows;
    long nanos;
    int requests;

    @Override
    public void step(String model, int decode, int prefill, long duration) {
      decodeRows += decode;
      prefillRows += prefill;
      nanos += duration;
    }

    @Override
    public void request(
        String model,
        int prefixTokens,
        int cachedTokens,
        int suffixTokens,
        int generatedTokens,
        long queueNanos,
        long totalNanos) {
      requests++;
    }
  }
}
