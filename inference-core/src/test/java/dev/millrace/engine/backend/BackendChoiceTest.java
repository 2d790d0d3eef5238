package dev.millrace.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class BackendChoiceTest {

  private static final BackendProvider GPU = new Named("gpu", 9, "no driver");
  private static final BackendProvider CPU = new Named("cpu", 5, "");
  private static final BackendProvider SLOW = new Named("slow", 0, "");

  @Test
  void shouldTakeTheFirstThatRunsHereAndSayWhy() {
    BackendChoice choice = BackendChoice.of("auto", List.of(GPU, CPU, SLOW));

    assertThat(choice.provider()).isSameAs(CPU);
    assertThat(choice.why()).isEqualTo("preferred ones cannot run here (gpu: no driver)");
    assertThat(BackendChoice.of("auto", List.of(CPU, SLOW)).why()).isEqualTo("the preferred one");
  }

  @Test
  void shouldTakeTheOneAskedFor() {
    BackendChoice choice = BackendChoice.of("slow", List.of(GPU, CPU, SLOW));

    assertThat(choice.provider()).isSameAs(SLOW);
    assertThat(choice.why()).isEqualTo("asked for");
  }

  @Test
  void shouldNotFallBackFromTheOneAskedFor() {
    assertThatThrownBy(() -> BackendChoice.of("gpu", List.of(GPU, CPU)))
        .isInstanceOf(BackendException.class)
        .hasMessage("backend 'gpu' cannot run here (gpu: no driver)");
    assertThatThrownBy(() -> BackendChoice.of("gqu", List.of(GPU, CPU)))
        .isInstanceOf(BackendException.class)
        .hasMessage("there is no backend 'gqu'; installed are [gpu, cpu], or say auto");
  }

  @Test
  void shouldListWhatIsInstalledByPreference() {
    List<BackendProvider> installed = BackendChoice.installed();

    assertThat(installed).isNotEmpty();
    assertThat(installed.getLast().name()).isEqualTo("reference");
  }

  private record Named(String name, int priority, String reason) implements BackendProvider {
    @Override
    public Optional<String> unsupportedReason() {
      return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    }

    @Override
    public ComputeBackend create(BackendOptions options) {
      throw new UnsupportedOperationException();
    }
  }
}
