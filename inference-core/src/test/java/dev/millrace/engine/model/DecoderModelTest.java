package dev.millrace.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.Logits;
import dev.millrace.engine.backend.StepLayout;
import dev.millrace.engine.backend.StepLayout.Run;
import dev.millrace.engine.backend.reference.ReferenceProvider;
import dev.millrace.engine.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DecoderModelTest {

  /** 4 layers, 2 heads of 16, k and v, 8 bytes, 8 tokens. */
  private static final long BLOCK_BYTES = 4 * 2 * 16 * 2 * 8 * 8;

  @TempDir Path directory;
  private Checkpoint checkpoint;
  private DecoderModel model;

  @BeforeEach
  void load() {
    TinyModel tiny = new TinyModel(1, 4, 64, 4, 96, 40, 16);
    checkpoint = Checkpoint.open(tiny.writeTo(directory));
    model = load(new ModelLimits(16, 2, 6 * BLOCK_BYTES + 1, 8));
  }

  private DecoderModel load(ModelLimits limits) {
    return DecoderModel.load(checkpoint, backend(), limits);
  }

  private static ComputeBackend backend() {
    return new ReferenceProvider().create(BackendOptions.DEFAULTS);
  }

  @AfterEach
  void close() {
    model.close();
    checkpoint.close();
  }

  @Test
  void shouldTellItsLimits() {
    assertThat(model.vocabulary()).isEqualTo(96);
    assertThat(model.contextTokens()).isEqualTo(40);
    assertThat(model.stepRowsMax()).isEqualTo(16);
    assertThat(model.backend().name()).isEqualTo("reference");
  }

  @Test
  void shouldFillTheBudgetWithWholeBlocks() {
    assertThat(model.kv().blocks()).isEqualTo(6);
    assertThat(model.kv().blockTokens()).isEqualTo(8);
  }

  @Test
  void shouldNotTakeMoreThanItsSequencesCanUseUnlessToldTo() {
    try (DecoderModel chosen = load(new ModelLimits(16, 3, 0, 8))) {
      assertThat(chosen.kv().blocks()).isEqualTo(3 * 5);
    }
    try (DecoderModel told = load(new ModelLimits(16, 3, 100 * BLOCK_BYTES, 8))) {
      assertThat(told.kv().blocks()).isEqualTo(100);
    }
  }

  @Test
  void shouldRefuseABudgetBelowOneBlock() {
    assertThatThrownBy(() -> load(new ModelLimits(16, 3, BLOCK_BYTES - 1, 8)))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("need 16384 bytes on backend reference, kvMemoryBytes is 16383");
  }

  @Test
  void shouldGiveLogitsOfTheRowsAskedForOnly() {
    int[] tokens = {5, 6, 7};
    Logits all = model.forward(step(new Run(tokens, 0, new int[] {0})), new int[] {0, 1, 2});
    float[] last = Driver.row(all, 2);

    Logits one = model.forward(step(new Run(tokens, 0, new int[] {1})), new int[] {2});
    assertThat(one.rows()).isEqualTo(1);
    assertThat(Driver.row(one, 0)).containsExactly(last);

    Logits none = model.forward(step(new Run(tokens, 0, new int[] {1})), new int[0]);
    assertThat(none.rows()).isZero();
    assertThat(none.vocabulary()).isEqualTo(96);
    assertThatThrownBy(() -> none.argmax(0)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void shouldRefuseAStepThatDoesNotFit() {
    refused("rows of the step: got 17, limit 16", new Run(new int[17], 0, new int[] {0, 1, 2}));
    refused("token id: got 96, limit 95", new Run(new int[] {96}, 0, new int[] {0}));
    refused("token id: got -1, limit 95", new Run(new int[] {-1}, 0, new int[] {0}));
    refused("tokens of a sequence: got 41, limit 40", new Run(new int[2], 39, new int[6]));
    refused("blocks of a run: got 2, limit 1", new Run(new int[1], 8, new int[] {0}));
    refused("block: got 6, limit 5", new Run(new int[1], 8, new int[] {6, 0}));
    refused("block: got -1, limit 5", new Run(new int[1], 0, new int[] {-1}));
    refused(
        "two runs of a step write block 2",
        new Run(new int[1], 9, new int[] {0, 2}),
        new Run(new int[1], 12, new int[] {1, 2}));
  }

  @Test
  void shouldLetRunsShareBlocksTheyOnlyRead() {
    Logits logits =
        model.forward(
            step(
                new Run(new int[1], 8, new int[] {0, 2}), new Run(new int[1], 8, new int[] {0, 1})),
            new int[] {1});
    assertThat(logits.rows()).isEqualTo(1);
  }

  @Test
  void shouldRefuseRowsAndBlocksThatAreNotThere() {
    StepLayout step = step(new Run(new int[3], 0, new int[] {0}));
    for (int[] rows : new int[][] {{3}, {-1}, {1, 1}, {2, 1}}) {
      assertThatThrownBy(() -> model.forward(step, rows))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("logit rows ascend from 0 to 2");
    }
    assertThatThrownBy(() -> model.copyBlocks(new int[] {0}, new int[] {6}))
        .hasMessage("block: got 6, limit 5");
    assertThatThrownBy(() -> model.copyBlocks(new int[] {0, 1}, new int[] {2}))
        .hasMessageContaining("blocks copied from: got 2, limit 1");
  }

  @Test
  void shouldCloseTheBackendWhenLoadingFails() {
    ComputeBackend backend = backend();

    assertThatThrownBy(() -> DecoderModel.load(checkpoint, backend, new ModelLimits(1, 1, 1)))
        .isInstanceOf(EngineException.class);

    StepLayout step = step(new Run(new int[1], 0, new int[] {0}));
    assertThatThrownBy(() -> backend.begin(step)).hasMessageContaining("closed");
  }

  private void refused(String message, Run... runs) {
    assertThatThrownBy(() -> model.forward(step(runs), new int[] {0}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  private static StepLayout step(Run... runs) {
    return new StepLayout(List.of(runs));
  }
}
