package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MatrixSource.Order;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.model.GoldenCase;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointTest {

  private static final String EXPERTS = "model.layers.1.feed_forward.experts.";

  private static final String INDEX = "model.safetensors.index.json";

  @TempDir private Path directory;

  @Test
  void shouldHandOutFusedExpertsAsViewsOfTheFile() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TinyModel.fused().writeTo(directory));
        SafetensorsFile file = SafetensorsFile.open(directory.resolve("model.safetensors"))) {
      MoeSource moe = moe(checkpoint.layer(1));
      float first = value(file.tensor(EXPERTS + "gate_up_proj"), 0);
      int perExpert = TinyModel.HIDDEN * 2 * TinyModel.WIDTH;

      assertThat(moe.experts()).hasSize(2);
      assertThat(moe.sharedExpert()).isPresent();
      MatrixSource.Columns up = (MatrixSource.Columns) moe.experts().get(1).up();
      assertThat(up.first()).isEqualTo(TinyModel.WIDTH);
      assertThat(up.outputs()).isEqualTo(TinyModel.WIDTH);
      assertThat(up.inputs()).isEqualTo(TinyModel.HIDDEN);
      assertThat(value(up.values(), up.first())).isEqualTo(first + perExpert + TinyModel.WIDTH);
      assertThat(((MatrixSource.Columns) moe.experts().get(0).gate()).first()).isZero();
      MatrixSource.Plain down = (MatrixSource.Plain) moe.experts().get(1).down();
      assertThat(down.order()).isEqualTo(Order.IN_OUT);
      assertThat(value(down.values(), 0))
          .isEqualTo(
              value(file.tensor(EXPERTS + "down_proj"), 0) + TinyModel.WIDTH * TinyModel.HIDDEN);
    }
  }

  @Test
  void shouldHandOutUnfusedExpertsAndDenseLayers() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TinyModel.unfused().writeTo(directory))) {
      MatrixSource.Plain gate =
          (MatrixSource.Plain) moe(checkpoint.layer(1)).experts().get(1).gate();
      assertThat(gate.order()).isEqualTo(Order.OUT_IN);
      assertThat(gate.values().name()).isEqualTo(EXPERTS + "1.gate_proj.weight");

      FeedForwardSource.Dense dense = (FeedForwardSource.Dense) checkpoint.layer(0).feedForward();
      assertThat(dense.gate().outputs()).isEqualTo(6);
      assertThat(dense.down().inputs()).isEqualTo(6);
      assertThat(checkpoint.finalNorm().shape()).isEqualTo(Shape.of(TinyModel.HIDDEN));
      assertThat(checkpoint.head()).isNotSameAs(checkpoint.embedding());
    }
  }

  @Test
  void shouldFindTensorsBehindTheMultimodalPrefix() throws IOException {
    TinyModel model =
        TinyModel.fused().withPrefix("language_model.").add("vision_model.class_embedding", 3);
    try (Checkpoint checkpoint = Checkpoint.open(model.writeTo(directory))) {
      assertThat(checkpoint.finalNorm().name()).isEqualTo("language_model.model.norm.weight");
    }
  }

  @Test
  void shouldShareTheTableWhenTied() throws IOException {
    TinyModel.fused().remove("lm_head.weight").writeTo(directory);
    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor lm_head.weight is missing; if head and embedding are one");

    Files.writeString(
        directory.resolve("config.json"),
        TinyModel.CONFIG.replaceFirst("\\{", "{\"tie_word_embeddings\": true,"));
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.head()).isSameAs(checkpoint.embedding());
    }
  }

  @Test
  void shouldNameAMissingTensor() throws IOException {
    TinyModel.fused().remove("model.layers.1.self_attn.k_proj.weight").writeTo(directory);

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor model.layers.1.self_attn.k_proj.weight is missing");
  }

  @Test
  void shouldRefuseTensorsOfAnotherFamilyInALayer() throws IOException {
    for (String stray : List.of("self_attn.q_proj.bias", "self_attn.q_norm.weight")) {
      String name = "model.layers.0." + stray;
      TinyModel.fused().add(name, 16).writeTo(directory);

      assertThatThrownBy(() -> Checkpoint.open(directory))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(
              "tensor "
                  + name
                  + " has no place in a layer of Llama4ForCausalLM: the weights are of");
    }
  }

  @Test
  void shouldLeaveAloneWhatCanBeComputedAndLayersBehindTheLast() throws IOException {
    TinyModel.fused()
        .add("model.layers.0.self_attn.rotary_emb.inv_freq", 2)
        .add("model.layers.0.self_attn.k_scale", 1)
        .add("model.layers.1.self_attn.q_proj.input_scale", 1)
        .add("model.layers.2.eh_proj.weight", 8, 8)
        .writeTo(directory);

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.layer(1).query().inputs()).isEqualTo(TinyModel.HIDDEN);
    }
  }

  @Test
  void shouldNameAWrongShape() throws IOException {
    String router = "model.layers.1.feed_forward.router.weight";
    TinyModel.fused().remove(router).add(router, 3, 8).writeTo(directory);

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(router + " has shape [3, 8], the configuration asks for [2, 8]");
  }

  @Test
  void shouldNameAQuantisationThatIsNotSupported() throws IOException {
    TinyModel.fused()
        .rename(
            "model.layers.0.self_attn.q_proj.weight",
            "model.layers.0.self_attn.q_proj.weight_packed")
        .writeTo(directory);

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "q_proj.weight holds values packed in F32 (quantisation: none), which is not supported");
  }

  @Test
  void shouldTellTheTypeOfMostWeights() throws IOException {
    try (Checkpoint wide = Checkpoint.open(TinyModel.fused().writeTo(directory))) {
      assertThat(wide.weightType()).isEqualTo(DType.F32);
    }
    for (String golden : List.of("llama3", "maverick-fp8", "scout-w4a16")) {
      try (Checkpoint narrow = GoldenCase.open(golden, directory).checkpoint()) {
        assertThat(narrow.weightType()).as(golden).isEqualTo(DType.BF16);
      }
    }
  }

  @Test
  void shouldReadShards() throws IOException {
    TinyModel.fused().writeShardedTo(directory);

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(moe(checkpoint.layer(1)).experts()).hasSize(2);
    }
  }

  @Test
  void shouldNameAMissingShard() throws IOException {
    TinyModel.fused().writeShardedTo(directory);
    Files.delete(directory.resolve("shard-1.safetensors"));

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("shard-1.safetensors: there is no such file");
  }

  @Test
  void shouldNotLeaveTheDirectoryThroughTheIndex() throws IOException {
    for (String shard :
        new String[] {"../shard-0.safetensors", "/shard-0.safetensors", "..", "a/b.safetensors"}) {
      TinyModel.fused().writeShardedTo(directory);
      editIndex("{\"weight_map\": {", "{\"weight_map\": {\"x\": \"" + shard + "\",");
      assertThatThrownBy(() -> Checkpoint.open(directory))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("expected the name of a .safetensors file in this directory")
          .hasMessageContaining("found \"" + shard + "\"");
    }
  }

  @Test
  void shouldRefuseADirectoryWithoutWeights() throws IOException {
    Files.writeString(directory.resolve("config.json"), TinyModel.CONFIG);

    assertThatThrownBy(() -> Checkpoint.open(directory))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(
            "it holds neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void shouldDigestLikeSha256sum() throws IOException {
    TinyModel.fused().writeTo(directory);
    Path weights = directory.resolve("model.safetensors");
    Path named = Files.writeString(directory.resolve("special_tokens_map.json"), "{}");
    long bytes =
        Files.size(weights) + Files.size(directory.resolve("config.json")) + Files.size(named);
    String list =
        sha256(Files.readAllBytes(directory.resolve("config.json")))
            + "  config.json\n"
            + sha256(Files.readAllBytes(weights))
            + "  model.safetensors\n"
            + sha256(Files.readAllBytes(named))
            + "  special_tokens_map.json\n";
    AtomicLong seen = new AtomicLong();

    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.digest(done -> seen.accumulateAndGet(done, Math::max)))
          .isEqualTo(sha256(list.getBytes(StandardCharsets.UTF_8)));
      assertThat(seen).hasValue(bytes);
    }
  }

  @Test
  void shouldOpenTheBundledModel() {
    Path demo = Path.of(System.getProperty("millrace.root"), "inference-core", "models", "demo");
    try (Checkpoint checkpoint = Checkpoint.open(demo)) {
      assertThat(checkpoint.config().architecture().layers()).isNotEmpty();
      assertThat(checkpoint.layer(0).spec())
          .isEqualTo(checkpoint.config().architecture().layers().get(0));
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private void editIndex(String from, String to) throws IOException {
    Path index = directory.resolve(INDEX);
    Files.writeString(index, Files.readString(index).replace(from, to));
  }

  private static MoeSource moe(DecoderLayer layer) {
    return ((FeedForwardSource.Moe) layer.feedForward()).source();
  }

  private static float value(Tensor tensor, int index) {
    return tensor.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * index);
  }
}
