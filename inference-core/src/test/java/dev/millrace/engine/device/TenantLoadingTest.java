package dev.millrace.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order in which models that share a device are counted, loaded and given memory. */
final class TenantLoadingTest {
  private static final long MIB = 1 << 20;
  private final List<String> told = new ArrayList<>();
  private long free = 1000 * MIB;

  @Test
  void shouldCountAllThenLoadAllThenDivideWhatIsLeft() {
    load(0, new Model("a", 100, 0, 3), new Model("b", 200, 0, 1));

    assertThat(told)
        .containsExactly(
            "a counted",
            "b counted",
            "a loaded beside 200",
            "b loaded beside 0",
            // 700 left, 10 of which each model's first step will take
            "a gets 510",
            "b gets 170");
  }

  @Test
  void shouldGiveBudgetsFirst() {
    load(0, new Model("a", 100, 0, 1), new Model("b", 200, 300, 1), new Model("c", 0, 0, 2));

    assertThat(told).endsWith("b gets 0", "a gets 123", "c gets 246");
  }

  @Test
  void shouldLeaveWhatModelsOnTheDeviceHaveStillToTake() {
    load(50 * MIB, new Model("a", 100, 0, 1));

    assertThat(told).containsExactly("a loaded beside 50", "a gets 840");
  }

  @Test
  void shouldGiveUpAllIfOneDoesNotFit() {
    assertThatThrownBy(() -> load(0, new Model("a", 600, 0, 1), new Model("b", 700, 0, 1)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("model a (700 MiB are for the 1 models that are loaded after it)")
        .hasMessageContaining("too small");
    assertThat(told).endsWith("b closed", "a closed");
  }

  private void load(long workToCome, Model... models) {
    List<Tenant> tenants = new ArrayList<>();
    for (Model model : models) {
      tenants.add(
          new Tenant(
              model.name, EngineOptions.DEFAULTS, model.share, 1, EngineMetrics.NONE, _ -> model));
    }
    assertThat(TenantLoading.load(tenants, new TestEngines.NoDevice(), workToCome))
        .hasSize(models.length);
  }

  /** A model of some size; a budget of 0 takes part in the division. */
  private final class Model implements ModelOpening {
    private static final long WORK = 10 * MIB;
    private final String name;
    private final long bytes;
    private final long budget;
    private final int share;

    Model(String name, long mebibytes, long budget, int share) {
      this.name = name;
      this.bytes = mebibytes * MIB;
      this.budget = budget * MIB;
      this.share = share;
    }

    @Override
    public long bytesNeeded() {
      told.add(name + " counted");
      return bytes;
    }

    @Override
    public void load(long beside) {
      told.add(name + " loaded beside " + beside / MIB);
      if (bytes > free - beside) {
        throw new EngineException("the device is too small");
      }
      free -= bytes;
    }

    @Override
    public boolean hasKvBudget() {
      return budget > 0;
    }

    @Override
    public long kvBytesMax() {
      return budget > 0 ? budget : Long.MAX_VALUE;
    }

    @Override
    public long kvBytesAvailable() {
      return free - WORK;
    }

    @Override
    public long workBytesToCome() {
      return WORK;
    }

    @Override
    public LoadedModel complete(long kvBytes) {
      told.add(name + " gets " + kvBytes / MIB);
      free -= budget;
      FakeForward forward = new FakeForward(10, 10, 10, 10, 10);
      return new LoadedModel(DeviceThreadTest.info(name), forward, () -> {});
    }

    @Override
    public void close() {
      told.add(name + " closed");
    }
  }
}
