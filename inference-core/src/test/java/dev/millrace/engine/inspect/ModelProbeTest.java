package dev.millrace.engine.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.checkpoint.SafetensorsFile;
import dev.millrace.engine.checkpoint.SafetensorsWriter;
import dev.millrace.engine.checkpoint.TensorInfo;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.model.TinyModel;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModelProbeTest {

  private static final EngineOptions OPTIONS =
      new EngineOptions("reference", BackendOptions.DEFAULTS, 10, 4 << 20, 1, 1, false);

  @TempDir Path directory;

  @Test
  void shouldWriteTheExpectedLogitsAndTokensOfAGoldenCase() {
    GoldenCase golden = GoldenCase.open("llama3", directory);
    Path out = directory.resolve("out.safetensors");
    try (ModelProbe probe = ModelProbe.open(golden.directory(), OPTIONS)) {
      // ten rows at a time: the prompt takes several steps
      probe.logits(golden.directory().resolve("expected.safetensors"), out, 21, 24);
    }

    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      Tensor logits = file.tensor("logits");
      assertThat(logits.type()).isEqualTo(DType.F32);
      assertThat(logits.shape()).isEqualTo(Shape.of(72, 512));
      float[] row = new float[512];
      for (int t = 0; t < 72; t++) {
        logits.readFloats(t * 512L, row, 0, 512);
        for (int i = 0; i < 512; i++) {
          assertThat(Math.abs(row[i] - golden.logits()[t][i])).isLessThan(2e-4f);
        }
      }
      long[] ids = file.tensor("greedy_ids").data().toArray(ValueLayout.JAVA_LONG_UNALIGNED);
      assertThat(ids).containsExactly(Arrays.stream(golden.greedyIds()).asLongStream().toArray());
    }
  }

  @Test
  void shouldLeaveTheGreedyTokensOutUnlessAsked() {
    Path in = write("input_ids", Shape.of(1, 3), 4, 5, 6);
    Path out = directory.resolve("out.safetensors");
    try (ModelProbe probe = ModelProbe.open(tiny(), OPTIONS)) {
      probe.logits(in, out, 0, 0);
      List<Float> firsts = new ArrayList<>();
      probe.logits(new int[] {4, 5, 6}, row -> firsts.add(row[0]));
      assertThat(firsts).hasSize(3);
    }
    try (SafetensorsFile file = SafetensorsFile.open(out)) {
      assertThat(file.tensors())
          .containsExactly(new TensorInfo("logits", DType.F32, Shape.of(3, 96)));
    }
  }

  @Test
  void shouldRefuseInputThatDoesNotFit() {
    Path out = directory.resolve("out.safetensors");
    try (ModelProbe probe = ModelProbe.open(tiny(), OPTIONS)) {
      refused(probe, write("input_ids", Shape.of(3), 4, 5, 6), "is I64 [3], expected I64 [1, T]");
      refused(probe, write("input_ids", Shape.of(1, 0)), "has 0 ids, expected 1 to 1024");
      refused(probe, write("input_ids", Shape.of(1, 2), 4, 96), "id 96 at index 1");
      refused(probe, write("input_ids", Shape.of(1, 1), -1), "id -1 at index 0");
      refused(probe, write("ids", Shape.of(1, 1), 1), "input_ids is missing");
      Path one = write("input_ids", Shape.of(1, 1), 7);
      assertThatThrownBy(() -> probe.logits(one, out, 2, 1))
          .hasMessageContaining("the greedy prompt has 2 ids")
          .hasMessageContaining("holds 1");
      assertThatThrownBy(() -> probe.logits(one, out, 0, 1)).isInstanceOf(EngineException.class);
      assertThatThrownBy(() -> probe.greedy(new int[1000], 100))
          .hasMessageContaining("1000 ids and 100 more");
      assertThatThrownBy(() -> probe.logits(new int[] {96}, row -> {}))
          .hasMessageContaining("outside the vocabulary of 96");
    }
    assertThat(out).doesNotExist();
  }

  @Test
  void shouldSayWhichModelCannotBeLoadedAndWhy() {
    Path model = tiny();
    assertThatThrownBy(() -> ModelProbe.open(model, OPTIONS.withBackend("abacus")))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("there is no backend 'abacus'");
    EngineOptions endless =
        new EngineOptions("reference", BackendOptions.DEFAULTS, 10, 1L << 42, 1, 1, false);
    assertThatThrownBy(() -> ModelProbe.open(model, endless))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("lower kvMemoryBytes");
    assertThatThrownBy(() -> ModelProbe.open(directory.resolve("nowhere"), OPTIONS))
        .isInstanceOf(EngineException.class);
  }

  private void refused(ModelProbe probe, Path input, String message) {
    assertThatThrownBy(() -> probe.logits(input, directory.resolve("out.safetensors"), 0, 0))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(input.getFileName().toString())
        .hasMessageContaining(message);
  }

  private Path tiny() {
    try {
      return TinyModel.ofSeed(1).writeTo(Files.createDirectories(directory.resolve("tiny")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path write(String name, Shape shape, long... ids) {
    Path file = directory.resolve("in.safetensors");
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, List.of(new TensorInfo(name, DType.I64, shape)), Map.of())) {
      writer.append(ids);
      writer.finish();
    }
    return file;
  }
}
