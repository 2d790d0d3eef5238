package dev.millrace.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.AttentionSpec.Temperature;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.architecture.RotaryEmbedding;
import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.architecture.Visible;
import dev.millrace.engine.backend.BackendException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KernelLimitsTest {

  @Test
  void shouldComputeWhatLiesWithinThem() {
    for (int heads : new int[] {64, 128}) {
      assertThat(new CudaBackendProvider().unsupported(model(2048, heads, 128, 8))).isEmpty();
      assertThat(KernelLimits.unsupported(model(8, heads, 384, 16))).isEmpty();
    }
  }

  @Test
  void shouldSayWhatIsFoundAgainstWhatIsSupported() {
    assertThat(new CudaBackendProvider().unsupported(model(64, 96, 4, 1)))
        .hasValue("attends with heads of 64 or 128 elements, got 96");
    assertThat(KernelLimits.unsupported(model(100, 64, 4, 1)))
        .hasValue("reads rows of a multiple of 8 elements, got 100");
    assertThat(KernelLimits.unsupported(model(64, 64, 385, 8)))
        .hasValue("routes to at most 16 of 384 experts, got 8 of 385");
    assertThat(KernelLimits.unsupported(model(64, 64, 64, 17)))
        .hasValue("routes to at most 16 of 384 experts, got 17 of 64");
  }

  @Test
  void shouldRefuseTheSameWhenItIsLoadedAllTheSame() {
    assertThatThrownBy(() -> KernelLimits.requireHeads(96))
        .isInstanceOf(BackendException.class)
        .hasMessage("the cuda backend attends with heads of 64 or 128 elements, got 96");
    assertThatThrownBy(() -> KernelLimits.requireMixture(385, 8))
        .isInstanceOf(BackendException.class)
        .hasMessageContaining("got 8 of 385");
  }

  private static Architecture model(int hidden, int headDimension, int experts, int topK) {
    AttentionSpec attention =
        new AttentionSpec(
            2,
            1,
            headDimension,
            RotaryEmbedding.NONE,
            HeadNorm.NONE,
            Visible.FULL,
            Temperature.NONE);
    Mixture mixture = new Mixture(experts, topK, 32, 0, new Router.SoftmaxOnOutput(true));
    return new Architecture(
        "Any", hidden, 512, 4096, 1e-6f, false, List.of(new LayerSpec(attention, mixture)));
  }
}
