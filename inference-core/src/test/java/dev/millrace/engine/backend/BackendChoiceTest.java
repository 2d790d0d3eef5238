package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.Visible;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class BackendChoiceTest {

  private static final BackendProvider GPU = new Named("gpu", 9, "no driver", "");
  private static final BackendProvider PICKY = new Named("picky", 7, "", "heads of 4, got 2");
  private static final BackendProvider CPU = new Named("cpu", 5, "", "");
  private static final BackendProvider SLOW = new Named("slow", 0, "", "");
  private static final Architecture MODEL =
      new Architecture(
          "Small",
          8,
          16,
          32,
          1e-5f,
          false,
          List.of(
              new LayerSpec(
                  new AttentionSpec(
                      1, 1, 2, RotaryEmbedding.NONE, HeadNorm.NONE, Visible.FULL, Temperature.NONE),
                  new Dense(8))));

  @Test
  void shouldTakeTheFirstThatRunsHereAndSayWhy() {
    BackendChoice choice = BackendChoice.of("auto", List.of(GPU, CPU, SLOW), MODEL);

    assertThat(choice.provider()).isSameAs(CPU);
    assertThat(choice.why()).isEqualTo("preferred ones cannot run here (gpu: no driver)");
    assertThat(BackendChoice.of("auto", List.of(CPU, SLOW), MODEL).why())
        .isEqualTo("the preferred one");
  }

  @Test
  void shouldPassOverABackendThatDoesNotComputeTheModelAndSayWhy() {
    BackendChoice choice = BackendChoice.of("auto", List.of(GPU, PICKY, CPU), MODEL);

    assertThat(choice.provider()).isSameAs(CPU);
    assertThat(choice.why())
        .isEqualTo(
            "preferred ones cannot run here (gpu: no driver; picky: not this model: heads of 4,"
                + " got 2)");
    assertThatThrownBy(() -> BackendChoice.of("picky", List.of(GPU, PICKY, CPU), MODEL))
        .isInstanceOf(BackendException.class)
        .hasMessage("backend 'picky' cannot run here (picky: not this model: heads of 4, got 2)");
  }

  @Test
  void shouldTakeTheOneAskedFor() {
    BackendChoice choice = BackendChoice.of("slow", List.of(GPU, CPU, SLOW), MODEL);

    assertThat(choice.provider()).isSameAs(SLOW);
    assertThat(choice.why()).isEqualTo("asked for");
  }

  @Test
  void shouldNotFallBackFromTheOneAskedFor() {
    assertThatThrownBy(() -> BackendChoice.of("gpu", List.of(GPU, CPU), MODEL))
        .isInstanceOf(BackendException.class)
        .hasMessage("backend 'gpu' cannot run here (gpu: no driver)");
    assertThatThrownBy(() -> BackendChoice.of("gqu", List.of(GPU, CPU), MODEL))
        .isInstanceOf(BackendException.class)
        .hasMessage("there is no backend 'gqu'; installed are [gpu, cpu], or say auto");
  }

  @Test
  void shouldListWhatIsInstalledByPreference() {
    List<BackendProvider> installed = BackendChoice.installed();

    assertThat(installed).isNotEmpty();
    assertThat(installed.getLast().name()).isEqualTo("reference");
  }

  private record Named(String name, int priority, String reason, String refusal)
      implements BackendProvider {
    @Override
    public Optional<String> unsupportedReason() {
      return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    }

    @Override
    public Optional<String> unsupported(Architecture architecture) {
      return refusal.isEmpty() ? Optional.empty() : Optional.of(refusal);
    }

    @Override
    public ComputeDevice open(int threads) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ComputeBackend create(BackendOptions options) {
      throw new UnsupportedOperationException();
    }
  }
}
