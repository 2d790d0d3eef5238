package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.RotaryEmbedding.Pairing;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kits must catch a backend that is wrong, and say where. */
final class KitSelfTest {

  @Test
  void shouldNameTheElementThatIsWrong() {
    List<String> failures =
        failures(
            target -> new SpoiledMoe(target, 12, 33),
            BackendParityKit::shouldMixExpertsAsTheReferenceDoes);

    assertThat(failures)
        .anyMatch(line ->
            line.contains("moe, expert 0 empty T=17")
                && line.contains("first difference at [12,33] expected")
                && line.contains("1 of "))
        .noneMatch(line -> line.contains("T=1 "));
  }

  @Test
  void shouldCatchTheOtherPairing() {
    assertThat(attentionFailures(KitSelfTest::withOtherPairing))
        .anyMatch(line -> line.contains("one row"))
        .anyMatch(line -> line.contains("far"))
        .noneMatch(line -> line.contains("without rotation"));
  }

  @Test
  void shouldCatchAnotherChunkSize() {
    assertThat(
            attentionFailures(spec ->
                spec.visible().equals(Visible.FULL)
                    ? spec
                    : with(spec, spec.rotary(), new Visible.Chunk(2), spec.temperature())))
        .anyMatch(line -> line.contains("chunked"))
        .noneMatch(line -> line.contains("attention INTERLEAVED ragged"));
  }

  @Test
  void shouldCatchAMissingTemperature() {
    assertThat(
            attentionFailures(spec -> with(spec, spec.rotary(), spec.visible(), Temperature.NONE)))
        .anyMatch(line -> line.contains("without rotation"))
        .noneMatch(line -> line.contains("INTERLEAVED"));
  }

  @Test
  void shouldCatchARowThatDependsOnItsNeighbours(@TempDir Path directory) {
    BatchInvarianceKit kit =
        new BatchInvarianceKit() {
          @Override
          protected ComputeBackend backend() {
            return new NeighbourDependent(reference());
          }
        };
    kit.load(directory);
    try {
      assertThatThrownBy(kit::shouldNotDependOnNeighbours)
          .hasMessageContaining("among neighbours, seed ")
          .hasMessageContaining("bits differ at row ");
      assertThatThrownBy(() -> kit.shouldNotDependOnTheSizeOfChunks(7))
          .hasMessageContaining("chunks of 7: bits differ at row 0");
    } finally {
      kit.close();
    }
  }

  private static List<String> attentionFailures(UnaryOperator<AttentionSpec> change) {
    return failures(
        target -> new OtherAttention(target, change),
        BackendParityKit::shouldAttendAsTheReferenceDoes);
  }

  private static AttentionSpec with(
      AttentionSpec spec, RotaryEmbedding rotary, Visible visible, Temperature temperature) {
    return new AttentionSpec(
        spec.queryHeads(),
        spec.kvHeads(),
        spec.headDimension(),
        rotary,
        spec.headNorm(),
        visible,
        temperature);
  }

  private static AttentionSpec withOtherPairing(AttentionSpec spec) {
    RotaryEmbedding rotary = spec.rotary();
    Pairing other = rotary.pairing() == Pairing.HALVES ? Pairing.INTERLEAVED : Pairing.HALVES;
    return with(
        spec, new RotaryEmbedding(rotary.frequencies(), other), spec.visible(), spec.temperature());
  }

  private static ComputeBackend reference() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }

  private static List<String> failures(
      UnaryOperator<ComputeBackend> spoil, Function<BackendParityKit, Stream<DynamicTest>> tests) {
    BackendParityKit kit =
        new BackendParityKit() {
          @Override
          protected ComputeBackend backend() {
            return spoil.apply(reference());
          }
        };
    List<String> messages = new ArrayList<>();
    tests
        .apply(kit)
        .forEach(test -> {
          try {
            test.getExecutable().execute();
          } catch (Throwable e) {
            messages.add(String.valueOf(e.getMessage()));
          }
        });
    return messages;
  }

  /** Adds a little to one element. */
  private static final class SpoiledMoe extends ForwardingBackend {
    private final int row;
    private final int element;
    private int rows;

    SpoiledMoe(ComputeBackend target, int row, int element) {
      super(target);
      this.row = row;
      this.element = element;
    }

    @Override
    public void begin(StepLayout layout) {
      rows = layout.rows();
      super.begin(layout);
    }

    @Override
    public void moe(Rows in, MoeWeights weights, Rows hidden) {
      super.moe(in, weights, hidden);
      if (row < rows) {
        float[] values = new float[rows * hidden.width()];
        read(hidden, values);
        values[row * hidden.width() + element] += 0.01f;
        write(hidden, values);
      }
    }
  }

  /** Attends in another way. */
  private static final class OtherAttention extends ForwardingBackend {
    private final UnaryOperator<AttentionSpec> change;

    OtherAttention(ComputeBackend target, UnaryOperator<AttentionSpec> change) {
      super(target);
      this.change = change;
    }

    @Override
    public void rotateAndStore(
        Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer) {
      super.rotateAndStore(qkv, change.apply(spec), headNorms, cache, layer);
    }

    @Override
    public void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out) {
      super.attend(qkv, change.apply(spec), cache, layer, out);
    }
  }

  /** A hair's breadth of dependence on the number of rows. */
  private static final class NeighbourDependent extends ForwardingBackend {
    private int rows;

    NeighbourDependent(ComputeBackend target) {
      super(target);
    }

    @Override
    public void begin(StepLayout layout) {
      rows = layout.rows();
      super.begin(layout);
    }

    @Override
    public void norm(Rows hidden, Vector weight, float epsilon, Rows out) {
      super.norm(hidden, weight, epsilon + rows * 1e-7f, out);
    }
  }
}
