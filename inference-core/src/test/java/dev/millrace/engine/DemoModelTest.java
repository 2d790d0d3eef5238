package dev.millrace.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.device.Recorder;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bundled model from directory to text, on every backend that runs here. */
final class DemoModelTest {

  private static final Path MODEL =
      Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");

  private static final List<String> DOCUMENTS =
      List.of(
          "A small tool that watches a directory and copies every file that changes to another"
              + " machine over the network. It keeps several old versions of each file, compresses"
              + " them and can restore a whole directory as it was on a given day.",
          "Library for reading and writing images in many formats. This package contains the header"
              + " files and static libraries needed to develop programs that use it.",
          "A puzzle game for one player: move the coloured stones until three of a kind touch. Comes"
              + " with a hundred levels and an editor.",
          "Documentation of the statistics package: tutorials, examples and a reference of all"
              + " functions. ".repeat(12));

  private static final List<String> SECTIONS = List.of("net", "libdevel", "games", "doc", "admin");

  static Stream<String> backends() {
    return BackendChoice.installed().stream()
        .filter(provider -> provider.unsupportedReason().isEmpty())
        .map(provider -> provider.name());
  }

  /** An emulated GPU takes seconds for a document: it gets fewer and shorter ones. */
  private static boolean emulated(String backend) {
    return backend.equals("cuda") && !System.getProperty("millrace.cuda.library", "").isEmpty();
  }

  private static EngineOptions options(String backend, int stepTokensMax, boolean prefixCache) {
    return options(backend, Arithmetic.AUTO, stepTokensMax, prefixCache);
  }

  private static EngineOptions options(
      String backend, Arithmetic arithmetic, int stepTokensMax, boolean prefixCache) {
    return new EngineOptions(
        backend,
        new BackendOptions(arithmetic, 2),
        stepTokensMax,
        48L << 20,
        64,
        1000,
        prefixCache);
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldComputeADocumentOnceForAllItsTasks(String backend) {
    try (InferenceEngine engine = EngineFactory.open(MODEL, options(backend, 256, true))) {
      ModelInfo model = engine.model();
      InferenceRequest request = request(model, DOCUMENTS.getFirst());

      Recorder recorder = ask(engine, request);

      Generated summary = (Generated) recorder.result(0);
      assertThat(summary.finish()).isEqualTo(Finish.STOP);
      assertThat(model.tokenizer().decode(summary.tokens())).isNotBlank().hasSizeLessThan(200);
      Scored sections = (Scored) recorder.result(1);
      double mass = Arrays.stream(sections.logProbabilities()).map(Math::exp).sum();
      assertThat(mass).isBetween(1e-6, 1.0);
      RequestUsage usage = recorder.usage();
      int document = request.prefix().length;
      int suffixes = request.branches().stream().mapToInt(branch -> branch.suffix().length).sum();
      assertThat(usage.prefixTokens()).isEqualTo(document);
      assertThat(usage.cachedTokens()).isZero();
      assertThat(usage.suffixTokens()).isBetween(suffixes, suffixes + 4 * SECTIONS.size());
      assertThat(usage.generatedTokens())
          .isEqualTo(
              recorder.result(0).usage().generatedTokens()
                  + recorder.result(2).usage().generatedTokens());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void shouldGiveTheSameAnswersInEveryCompanyAndStepSize(String backend) {
    boolean few = emulated(backend);
    List<Integer> chosen = few ? List.of(0, 1, 2, 0) : List.of(0, 1, 2, 3, 0, 3);
    List<List<String>> alone = new ArrayList<>();
    try (InferenceEngine engine = EngineFactory.open(MODEL, options(backend, 512, false))) {
      for (String document : DOCUMENTS.subList(0, few ? 3 : DOCUMENTS.size())) {
        InferenceRequest request = request(engine.model(), document);
        alone.add(answers(ask(engine, request)));
      }
    }
    for (int stepTokens : few ? new int[] {64} : new int[] {13, 64, 1024}) {
      try (InferenceEngine engine = EngineFactory.open(MODEL, options(backend, stepTokens, true))) {
        List<Integer> order = new ArrayList<>(chosen);
        Collections.shuffle(order, new Random(stepTokens));
        List<Recorder> recorders = new ArrayList<>();
        for (int document : order) {
          InferenceRequest request = request(engine.model(), DOCUMENTS.get(document));
          Recorder recorder = new Recorder(request);
          recorders.add(recorder);
          engine.submit(request, recorder);
        }
        for (int i = 0; i < order.size(); i++) {
          assertThat(recorders.get(i).await()).isTrue();
          assertThat(answers(recorders.get(i)))
              .as("document %d, steps of %d, order %s", order.get(i), stepTokens, order)
              .isEqualTo(alone.get(order.get(i)));
        }
      }
    }
  }

  /** In f32 the backends agree on tokens, and nearly on every probability. */
  @ParameterizedTest
  @MethodSource("backends")
  void shouldAnswerInF32AsTheReferenceDoes(String backend) {
    Recorder expected = inF32("reference");
    Recorder found = inF32(backend);

    for (int generated : new int[] {0, 2}) {
      assertThat(text(found.result(generated))).isEqualTo(text(expected.result(generated)));
    }
    assertThat(((Scored) found.result(1)).logProbabilities())
        .usingComparatorWithPrecision(1e-4)
        .containsExactly(((Scored) expected.result(1)).logProbabilities());
  }

  private static Recorder inF32(String backend) {
    EngineOptions options = options(backend, Arithmetic.F32, 256, false);
    try (InferenceEngine engine = EngineFactory.open(MODEL, options)) {
      return ask(engine, request(engine.model(), DOCUMENTS.get(1)));
    }
  }

  @Test
  void shouldTellWhatItLoaded() {
    try (InferenceEngine engine = EngineFactory.open(MODEL, options("reference", 64, true))) {
      ModelInfo model = engine.model();

      assertThat(model.name()).isEqualTo("demo");
      assertThat(model.directory()).isEqualTo(MODEL);
      assertThat(model.digest()).matches("[0-9a-f]{64}");
      assertThat(model.quantisation()).isEqualTo("none");
      assertThat(model.vocabulary()).isPositive();
      assertThat(model.stopTokens()).isNotEmpty();
      assertThat(model.backend().name()).isEqualTo("reference");
      assertThat(engine.status().state()).isEqualTo(EngineStatus.State.RUNNING);
      // what a sequence may be long is bounded by the memory for keys and values as well
      assertThat((long) engine.status().kvBlocksTotal() * 64)
          .isGreaterThanOrEqualTo(model.contextTokens());
    }
  }

  @Test
  void shouldSayWhatIsWrongWithADirectory(@TempDir Path empty) throws IOException {
    EngineOptions options = options("reference", 64, true);
    assertThatThrownBy(() -> EngineFactory.open(empty, options))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(empty.toString());
    Files.writeString(empty.resolve("tokenizer.json"), "{}");
    assertThatThrownBy(() -> EngineFactory.open(empty, options))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(empty.toString());
    assertThatThrownBy(() -> EngineFactory.open(MODEL, options.withBackend("abacus")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("there is no backend 'abacus'");
  }

  private static InferenceRequest request(ModelInfo model, String document) {
    List<int[]> labels =
        SECTIONS.stream().map(section -> model.tokenizer().encode(section)).toList();
    List<ChatTemplate.Turn> turns =
        model
            .chatTemplate()
            .turns(
                "",
                document,
                List.of(
                    "\n\nSummarise in one line.",
                    "\n\nWhich section?",
                    "\n\nTranslate to Italian."));
    return new InferenceRequest(
        "test",
        turns.getFirst().prefix(),
        List.of(
            new Branch.Generate(turns.get(0).suffix(), 48, SamplingParams.GREEDY),
            new Branch.Score(turns.get(1).suffix(), labels),
            new Branch.Generate(turns.get(2).suffix(), 24, new SamplingParams(0.7, 0.9, 5))),
        Long.MAX_VALUE);
  }

  private static Recorder ask(InferenceEngine engine, InferenceRequest request) {
    Recorder recorder = new Recorder(request);
    engine.submit(request, recorder);
    assertThat(recorder.await()).as("answered in time").isTrue();
    return recorder;
  }

  private static List<String> answers(Recorder recorder) {
    return List.of(text(recorder.result(0)), text(recorder.result(1)), text(recorder.result(2)));
  }

  /** Every bit of an answer. */
  private static String text(BranchResult result) {
    return switch (result) {
      case Generated generated -> generated.finish() + Arrays.toString(generated.tokens());
      case Scored scored ->
          Arrays.stream(scored.logProbabilities())
              .mapToObj(Double::toHexString)
              .toList()
              .toString();
      case BranchResult.Failed failed ->
          throw new AssertionError(failed.reason() + ": " + failed.message());
    };
  }
}
