package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.model.TinyModel;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.request.TokenScores;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The bytes of a request's answers through the whole engine, scheduler, cache, model and backend:
 * they must not depend on the other requests, on the size of steps, or on what the prefix index
 * holds. On a random model with every kind of layer, for every backend that runs here.
 */
final class EngineInvarianceTest {

  private static final int VOCABULARY = 96;
  private static final int BATCHES = 50;
  private static final int[] STEP_TOKENS = {3, 16, 50, 128, 1024};

  @TempDir static Path model;

  @BeforeAll
  static void write() {
    new TinyModel(5, 4, 64, 4, VOCABULARY, 1024, 16).withHeads(64).writeTo(model);
  }

  /** A backend and its arithmetic. */
  record Device(String backend, Arithmetic arithmetic) {

    /** An emulated GPU takes seconds for a step: it is tried less often. */
    boolean emulated() {
      return isEmulated(backend);
    }

    int[] stepTokens() {
      return emulated() ? new int[] {16, 128} : STEP_TOKENS;
    }

    int batches() {
      return emulated() ? 1 : BATCHES / STEP_TOKENS.length;
    }

    EngineOptions options(int stepTokensMax, boolean prefixCache) {
      return new EngineOptions(
          backend,
          new BackendOptions(arithmetic, 2),
          stepTokensMax,
          32L << 20,
          16,
          1000,
          prefixCache);
    }
  }

  private static boolean isEmulated(String backend) {
    return backend.equals("cuda") && !System.getProperty("millrace.cuda.library", "").isEmpty();
  }

  static Stream<Device> devices() {
    return BackendChoice.installed().stream()
        .filter(provider -> provider.unsupportedReason().isEmpty())
        .flatMap(provider ->
            provider.name().equals("reference") || isEmulated(provider.name())
                ? Stream.of(new Device(provider.name(), Arithmetic.AUTO))
                : Stream.of(
                    new Device(provider.name(), Arithmetic.AUTO),
                    new Device(provider.name(), Arithmetic.F32)));
  }

  @ParameterizedTest
  @MethodSource("devices")
  void shouldAnswerTheSameInEveryBatch(Device device) {
    InferenceRequest request = target();
    List<String> alone = alone(device, request);
    int hits = 0;
    int[] sizes = device.stepTokens();
    for (int round = 0; round < sizes.length; round++) {
      EngineOptions options = device.options(sizes[round], round % 2 == 0);
      try (InferenceEngine engine = TestEngines.open(model, options)) {
        for (int i = 0; i < device.batches(); i++) {
          int seed = round * BATCHES + i;
          Recorder found = amongOthers(engine, request, new SplittableRandom(seed));
          hits += found.usage().cachedTokens() > 0 ? 1 : 0;
          assertThat(answers(found, request))
              .as("%s, steps of %d, seed %d", device, sizes[round], seed)
              .isEqualTo(alone);
        }
      }
    }
    if (!device.emulated()) {
      assertThat(hits).as("requests that found part of their prefix").isGreaterThan(20);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void shouldAnswerTheSameForEverySizeOfSteps(Device device) {
    InferenceRequest request = target();
    List<String> alone = alone(device, request);
    for (int stepTokens : device.stepTokens()) {
      try (InferenceEngine engine = TestEngines.open(model, device.options(stepTokens, false))) {
        assertThat(answers(ask(engine, request), request))
            .as("%s, steps of %d", device, stepTokens)
            .isEqualTo(alone);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void shouldAnswerTheSameFromACachedPrefix(Device device) {
    InferenceRequest request = target();
    List<String> alone = alone(device, request);
    try (InferenceEngine engine = TestEngines.open(model, device.options(50, true))) {
      Recorder first = ask(engine, request);
      Recorder second = ask(engine, request);

      assertThat(first.usage().cachedTokens()).isZero();
      assertThat(second.usage().cachedTokens()).isPositive();
      assertThat(answers(first, request)).isEqualTo(alone);
      assertThat(answers(second, request)).isEqualTo(alone);
    }
  }

  @ParameterizedTest
  @MethodSource("devices")
  void shouldScoreASetAsItScoresItsLabelsOneByOne(Device device) {
    InferenceRequest request = target();
    Branch.Score all =
        request.branches().stream()
            .filter(Branch.Score.class::isInstance)
            .map(Branch.Score.class::cast)
            .findFirst()
            .orElseThrow();
    try (InferenceEngine engine = TestEngines.open(model, device.options(64, false))) {
      double[] together = score(engine, request.prefix(), all);
      for (int i = 0; i < together.length; i++) {
        Branch.Score one = new Branch.Score(all.suffix(), List.of(all.labels().get(i)));
        assertThat(score(engine, request.prefix(), one))
            .as("label %d on %s", i, device)
            .containsExactly(together[i]);
      }
    }
  }

  private static double[] score(InferenceEngine engine, int[] prefix, Branch.Score branch) {
    InferenceRequest request = request(prefix, List.of(branch));
    return ((Scored) ask(engine, request).result(0)).logProbabilities();
  }

  /** One long prefix and every kind of branch. */
  private static InferenceRequest target() {
    SplittableRandom random = new SplittableRandom(100);
    return request(
        tokens(random, 150),
        List.of(
            new Branch.Generate(tokens(random, 7), 24, SamplingParams.GREEDY),
            new Branch.Generate(tokens(random, 1), 24, new SamplingParams(0.9, 0.95, 77))
                .withTopLogProbabilities(3),
            new Branch.Generate(new int[0], 5, new SamplingParams(1.5, 1, -3)),
            new Branch.Score(
                tokens(random, 5),
                List.of(
                    new int[] {9}, new int[] {9, 4}, new int[] {9, 4, 30}, new int[] {2, 2, 2}))));
  }

  private static List<String> alone(Device device, InferenceRequest request) {
    try (InferenceEngine engine = TestEngines.open(model, device.options(1024, false))) {
      List<String> answers = answers(ask(engine, request), request);
      assertThat(answers).noneMatch(answer -> answer.contains("Failed"));
      return answers;
    }
  }

  /** Submits it in the middle of others; some share its prefix or a part of it. */
  private static Recorder amongOthers(
      InferenceEngine engine, InferenceRequest request, SplittableRandom random) {
    int others = 1 + random.nextInt(8);
    int place = random.nextInt(others + 1);
    List<Recorder> neighbours = new ArrayList<>();
    Recorder found = new Recorder(request);
    for (int i = 0; i <= others; i++) {
      if (i == place) {
        engine.submit(request, found);
      } else {
        InferenceRequest other = other(request, random);
        Recorder recorder = new Recorder(other);
        neighbours.add(recorder);
        engine.submit(other, recorder);
      }
    }
    assertThat(found.await()).as("answered in time").isTrue();
    assertThat(neighbours).allSatisfy(recorder -> assertThat(recorder.await()).isTrue());
    assertThat(found.complaint()).isNull();
    return found;
  }

  private static InferenceRequest other(InferenceRequest request, SplittableRandom random) {
    int[] prefix =
        switch (random.nextInt(3)) {
          case 0 -> Arrays.copyOf(request.prefix(), 1 + random.nextInt(request.prefix().length));
          case 1 -> request.prefix();
          default -> tokens(random, 1 + random.nextInt(200));
        };
    List<Branch> branches = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      int[] suffix = tokens(random, random.nextInt(20));
      branches.add(
          random.nextBoolean()
              ? new Branch.Generate(
                  suffix, 1 + random.nextInt(30), new SamplingParams(1, 1, random.nextLong()))
              : new Branch.Score(suffix, List.of(new int[] {3}, tokens(random, 4))));
    }
    return request(prefix, branches);
  }

  private static InferenceRequest request(int[] prefix, List<Branch> branches) {
    return new InferenceRequest("test", prefix, branches, Long.MAX_VALUE);
  }

  private static Recorder ask(InferenceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    assertThat(recorder.await()).as("answered in time").isTrue();
    return recorder;
  }

  private static String scores(Generated generated) {
    StringBuilder text = new StringBuilder();
    for (TokenScores one : generated.scores()) {
      text.append(' ').append(Double.toHexString(one.logProbability()));
      text.append(Arrays.toString(one.likeliest()));
      for (double probability : one.logProbabilities()) {
        text.append(' ').append(Double.toHexString(probability));
      }
    }
    return text.toString();
  }

  /** Every bit of the answers as text. */
  private static List<String> answers(Recorder recorder, InferenceRequest request) {
    List<String> answers = new ArrayList<>();
    for (int i = 0; i < request.branches().size(); i++) {
      answers.add(
          switch (recorder.result(i)) {
            case Generated generated ->
                generated.finish() + Arrays.toString(generated.tokens()) + scores(generated);
            case Scored scored ->
                Arrays.stream(scored.logProbabilities())
                    .mapToObj(Double::toHexString)
                    .toList()
                    .toString();
            case Failed failed -> "Failed " + failed.reason() + ": " + failed.message();
          });
    }
    return answers;
  }

  private static int[] tokens(SplittableRandom random, int count) {
    return random.ints(count, 2, VOCABULARY).toArray();
  }
}
