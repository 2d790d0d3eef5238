package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.inspect.ModelSummary;
import dev.millrace.engine.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Weights of tools that are not read are refused by the name of their layout. */
final class ForeignLayoutTest {
  private static final String MODULE = "model.layers.0.self_attn.q_proj";
  private static final String WEIGHT = MODULE + ".weight";

  @TempDir private Path directory;

  static Stream<Arguments> layouts() {
    return Stream.of(
        layout(
            "awq",
            "is in the layout of AWQ (quantisation: awq)",
            model ->
                model
                    .addOf(DType.I32, MODULE + ".qweight", 8, 2)
                    .addOf(DType.I32, MODULE + ".qzeros", 1, 2)
                    .addOf(DType.F16, MODULE + ".scales", 1, 16)),
        layout(
            "gptq",
            "is in the layout of GPTQ (quantisation: gptq)",
            model -> model.addOf(DType.I32, MODULE + ".qweight", 1, 16)),
        layout(
            "",
            "is in the layout of GPTQ (quantisation: none)",
            model ->
                model
                    .addOf(DType.I32, MODULE + ".qweight", 1, 16)
                    .addOf(DType.I32, MODULE + ".g_idx", 8)),
        layout(
            "modelopt",
            "is in the layout of NVFP4 as ModelOpt writes it (quantisation: modelopt NVFP4)",
            model ->
                model
                    .addOf(DType.U8, WEIGHT, 16, 4)
                    .addOf(DType.F8_E4M3, MODULE + ".weight_scale", 16, 1)
                    .add(MODULE + ".weight_scale_2")
                    .add(MODULE + ".input_scale")),
        layout(
            "bitsandbytes",
            "is in the layout of bitsandbytes, four bits",
            model ->
                model
                    .addOf(DType.U8, WEIGHT, 64, 1)
                    .add(WEIGHT + ".absmax", 2)
                    .add(WEIGHT + ".quant_map", 16)
                    .addOf(DType.U8, WEIGHT + ".quant_state.bitsandbytes__nf4", 90)),
        layout(
            "bitsandbytes",
            "is in the layout of bitsandbytes, eight bits",
            model -> model.addOf(DType.I8, WEIGHT, 16, 8).add(MODULE + ".SCB", 16)),
        layout(
            "compressed-tensors",
            "is in the layout of eight-bit integers with scales",
            model -> model.addOf(DType.I8, WEIGHT, 16, 8).add(MODULE + ".weight_scale", 16, 1)),
        layout(
            "compressed-tensors",
            "holds NVFP4",
            model ->
                model
                    .addOf(DType.U8, MODULE + ".weight_packed", 16, 4)
                    .add(MODULE + ".weight_global_scale", 1)),
        layout(
            "compressed-tensors",
            "holds MXFP4",
            model -> model.addOf(DType.U8, MODULE + ".weight_packed", 16, 4)),
        layout(
            "compressed-tensors",
            "holds packed eight-bit integers",
            model -> model.addOf(DType.I32, MODULE + ".weight_packed", 16, 2)),
        layout(
            "fp8",
            "holds FP8 in blocks, with scales [1, 1]",
            model -> model.addOf(DType.F8_E4M3, WEIGHT, 16, 8).add(WEIGHT + "_scale_inv", 1, 1)),
        layout(
            "compressed-tensors",
            // as many scales as outputs, but of blocks
            "holds FP8 in blocks, with scales [4, 4]",
            model -> model.addOf(DType.F8_E4M3, WEIGHT, 16, 8).add(WEIGHT + "_scale", 4, 4)));
  }

  private static Arguments layout(String method, String message, Consumer<TinyModel> weight) {
    return Arguments.of(method, message, weight);
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("layouts")
  void shouldNameTheLayout(String method, String message, Consumer<TinyModel> weight)
      throws IOException {
    TinyModel model = TinyModel.fused().remove(WEIGHT);
    weight.accept(model);
    model.writeTo(directory);
    if (!method.isEmpty()) {
      Files.writeString(
          directory.resolve("config.json"),
          TinyModel.CONFIG.replaceFirst(
              "\\{",
              "{\"quantization_config\": {\"quant_method\": \""
                  + method
                  + "\""
                  + (method.equals("modelopt") ? ", \"quant_algo\": \"NVFP4\"" : "")
                  + "},"));
    }

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor " + WEIGHT + " " + message)
        .hasMessageContaining("use an upload in");
    assertThatThrownBy(() -> ModelSummary.of(directory))
        .as("what cannot be loaded is not said to be fine")
        .isInstanceOf(EngineException.class)
        .hasMessageContaining(message);
  }

  @Test
  void shouldReadScalesOfOutputsInBothShapes() throws IOException {
    for (long[] shape : new long[][] {{16}, {16, 1}, {1}, {1, 1}, {}}) {
      TinyModel.fused()
          .remove(WEIGHT)
          .addOf(DType.F8_E4M3, WEIGHT, 16, 8)
          .add(WEIGHT + "_scale", shape)
          .writeTo(directory);
      try (Checkpoint checkpoint = Checkpoint.open(directory)) {
        assertThat(checkpoint.layer(0).query().outputs()).isEqualTo(16);
      }
    }
  }
}
