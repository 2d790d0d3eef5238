package dev.millrace.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What nobody reads is no reason to refuse a model; what is read must be right. */
final class UnreadPartsTest {
  private static final String INDEX = "model.safetensors.index.json";
  private static final String NORM = "model.norm.weight";

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource(DType.class)
  void shouldLeaveTensorsOfAnyTypeOutsideTheLayersAlone(DType type) throws IOException {
    TinyModel.fused().addOf(type, "extra.table", 8).writeTo(directory);

    open();
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F8_E5M2", "U64", "C64", "F4"})
  void shouldRefuseThemInALayerAndWhereTheyAreRead(DType type) throws IOException {
    TinyModel.fused().addOf(type, "model.layers.0.self_attn.sinks", 8).writeTo(directory);
    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor model.layers.0.self_attn.sinks has no place in a layer");

    TinyModel.fused().remove(NORM).addOf(type, NORM, 8).writeTo(directory);
    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(NORM + " has dtype " + type);
  }

  @Test
  void shouldRefuseABiasOfAModuleOutsideTheLayers() throws IOException {
    TinyModel.fused().add("lm_head.bias", 16).writeTo(directory);
    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor lm_head.bias has no place");
  }

  @Test
  void shouldFindTensorsWhereTheyAreWhateverTheIndexSays() throws IOException {
    TinyModel.fused().writeShardedTo(directory);
    String index = Files.readString(directory.resolve(INDEX));
    String stale = "{\"weight_map\": {\"vision.gone\": \"shard-1.safetensors\",";
    for (String edited :
        new String[] {
          index.replace("{\"weight_map\": {", stale),
          index.replace("shard-0", "shard-2").replace("shard-1", "shard-0").replace("-2", "-1"),
          index.replaceFirst("\"" + NORM + "\": \"shard-..safetensors\",", ""),
          index.replace("{\"weight_map\"", "{\"metadata\": {\"total_size\": 1}, \"weight_map\""),
        }) {
      assertThat(edited).isNotEqualTo(index);
      Files.writeString(directory.resolve(INDEX), edited);
      open();
    }
  }

  @Test
  void shouldSayThatTheIndexPromisedWhatIsMissing() throws IOException {
    TinyModel.fused().writeShardedTo(directory);
    String index = Files.readString(directory.resolve(INDEX));
    TinyModel.fused().remove(NORM).writeShardedTo(directory);
    Files.writeString(directory.resolve(INDEX), index);

    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("tensor " + NORM + " is missing, though " + INDEX + " places it in");
  }

  @Test
  void shouldTakeATensorInTwoShardsIfItIsTheSame() throws IOException {
    TinyModel.fused().writeShardedTo(directory);
    Path shard = directory.resolve("shard-2.safetensors");
    Files.copy(directory.resolve("shard-0.safetensors"), shard);
    Files.writeString(
        directory.resolve(INDEX),
        Files.readString(directory.resolve(INDEX))
            .replace("{\"weight_map\": {", "{\"weight_map\": {\"x\": \"shard-2.safetensors\","));
    open();

    byte[] bytes = Files.readAllBytes(shard);
    bytes[bytes.length - 1] ^= 1;
    Files.write(shard, bytes);
    assertThatThrownBy(this::open)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("is in two files, shard-0.safetensors and shard-2.safetensors, and")
        .hasMessageContaining("not the same in both");
  }

  @Test
  void shouldTakeMetadataThatIsNull() throws IOException {
    TinyModel.fused().writeTo(directory);
    Path file = directory.resolve("model.safetensors");
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] header = new byte[Math.toIntExact(bytes.getLong(0))];
    bytes.get(Long.BYTES, header);
    String text = new String(header, StandardCharsets.UTF_8);
    String edited = text.replaceFirst("\"__metadata__\":\\{[^}]*}", "\"__metadata__\":null");
    assertThat(edited).isNotEqualTo(text);
    System.arraycopy(
        (edited + " ".repeat(text.length() - edited.length())).getBytes(StandardCharsets.UTF_8),
        0,
        bytes.array(),
        Long.BYTES,
        header.length);
    Files.write(file, bytes.array());

    open();
  }

  private void open() {
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      assertThat(checkpoint.layer(1).query().inputs()).isEqualTo(TinyModel.HIDDEN);
      assertThat(checkpoint.finalNorm().shape().extent(0)).isEqualTo(TinyModel.HIDDEN);
    }
  }
}
