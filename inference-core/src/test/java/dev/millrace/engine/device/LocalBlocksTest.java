package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import dev.millrace.engine.model.TinyModel;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import java.io.IOException;
import java.nio.file.Files;
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
 * A model whose layers see chunks, with one kind of blocks and with blocks of their own for those
 * layers: the bytes are the same, on every backend that runs here.
 */
final class LocalBlocksTest {
  private static final Path DEMO =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
  private static final int CHUNK = 128;
  private static final int STEP = 48;
  private static final int FEW = 3;
  private static final long KV_BYTES = 24L << 20;
  @TempDir static Path model;

  @BeforeAll
  static void write() throws IOException {
    new TinyModel(7, 4, 64, 4, 8192, 1024, CHUNK).withHeads(64).writeTo(model);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(DEMO.resolve(file), model.resolve(file));
    }
  }

  static Stream<String> backends() {
    return BackendChoice.installed().stream()
        .filter(provider -> provider.unsupportedReason().isEmpty())
        .map(provider -> provider.name());
  }

  private static boolean emulated(String backend) {
    return backend.equals("cuda") && !System.getProperty("millrace.cuda.library", "").isEmpty();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldGiveTheSameBytesAndRoomForMore(String backend) {
    List<InferenceRequest> requests = requests(emulated(backend) ? 2 : 8, emulated(backend));
    List<String> expected;
    int blocks;
    try (InferenceEngine engine = open(backend, 256, false)) {
      blocks = engine.status().kvBlocksTotal();
      expected = answers(engine, requests);
    }
    for (boolean prefixCache : new boolean[] {false, true}) {
      try (InferenceEngine engine = open(backend, FEW, prefixCache)) {
        assertThat(engine.status().kvBlocksTotal())
            .as("one layer of four sees everything: the others hold 4 times 5 blocks")
            .isEqualTo(4 * blocks - 3 * 20);
        assertThat(answers(engine, requests)).isEqualTo(expected);
        if (prefixCache) {
          assertThat(answers(engine, requests)).as("from the prefix index").isEqualTo(expected);
        }
      }
    }
  }

  private static InferenceEngine open(String backend, int sequences, boolean prefixCache) {
    BackendOptions device = new BackendOptions(BackendOptions.Arithmetic.AUTO, 2);
    EngineOptions options =
        new EngineOptions(backend, device, STEP, KV_BYTES, sequences, 1000, prefixCache);
    return EngineFactory.open(model, options, EngineMetrics.NONE);
  }

  /** Documents of several chunks; each second one begins like the one before. */
  private static List<InferenceRequest> requests(int count, boolean few) {
    SplittableRandom random = new SplittableRandom(17);
    List<InferenceRequest> requests = new ArrayList<>();
    int[] document = {};
    for (int i = 0; i < count; i++) {
      document =
          i % 2 == 0
              ? tokens(random, few ? 280 : 300 + random.nextInt(400))
              : Arrays.copyOf(document, document.length - 1 - random.nextInt(100));
      requests.add(
          new InferenceRequest(
              "test",
              document,
              List.of(
                  new Branch.Generate(tokens(random, 4), few ? 6 : 140, SamplingParams.GREEDY),
                  new Branch.Generate(new int[0], 6, new SamplingParams(0.8, 0.9, i)),
                  new Branch.Score(
                      tokens(random, 3),
                      List.of(new int[] {40, 41, 9}, new int[] {40, 42}, new int[] {50}))),
              Long.MAX_VALUE));
    }
    return requests;
  }

  private static int[] tokens(SplittableRandom random, int count) {
    return random.ints(count, 20, 8192).toArray();
  }

  /** Every bit of the answers to all requests at once. */
  private static List<String> answers(InferenceEngine engine, List<InferenceRequest> requests) {
    List<Recorder> recorders = new ArrayList<>();
    for (InferenceRequest request : requests) {
      Recorder recorder = new Recorder(request);
      engine.submit(request, recorder);
      recorders.add(recorder);
    }
    List<String> answers = new ArrayList<>();
    for (Recorder recorder : recorders) {
      assertThat(recorder.await()).isTrue();
      answers.add(
          Arrays.toString(((Generated) recorder.result(0)).tokens())
              + Arrays.toString(((Generated) recorder.result(1)).tokens())
              + Arrays.toString(((Scored) recorder.result(2)).logProbabilities()));
    }
    return answers;
  }
}
