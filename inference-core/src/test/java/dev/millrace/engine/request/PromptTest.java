package dev.millrace.engine.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.engine.request.Prompt.Piece;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PromptTest {

  @Test
  void shouldJoinTheTokensOfItsPiecesInOrder() {
    Prompt prompt =
        new Prompt(
            List.of(new Piece.Tokens(1, 2), new Piece.Image(new byte[] {9}), new Piece.Tokens(3)));

    assertThat(prompt.tokens()).containsExactly(1, 2, 3);
    assertThat(prompt.toString()).contains("2 tokens", "an image of 1 bytes", "1 tokens");
  }

  @Test
  void shouldNotChangeWithWhatItWasMadeOf() {
    int[] ids = {1, 2};
    Prompt prompt = Prompt.of(ids);
    ids[0] = 7;
    prompt.tokens()[1] = 7;
    ((Piece.Tokens) prompt.pieces().getFirst()).ids()[1] = 7;

    assertThat(prompt).isEqualTo(Prompt.of(1, 2)).hasSameHashCodeAs(Prompt.of(1, 2));
    assertThat(prompt.tokens()).containsExactly(1, 2);
  }

  @Test
  void shouldRefuseWhatIsEmpty() {
    assertThatThrownBy(() -> new Prompt(List.of())).hasMessageContaining("at least one piece");
    assertThatThrownBy(Prompt::of).hasMessageContaining("at least one token");
    assertThatThrownBy(() -> new Piece.Image(new byte[0]))
        .hasMessageContaining("at least one byte");
    assertThatThrownBy(() -> new Owner("me", 0, 0)).hasMessageContaining("at least 1, got 0");
    assertThatThrownBy(() -> new InferenceRequest("me", new int[] {1}, List.of(), Long.MAX_VALUE))
        .hasMessageContaining("at least one branch");
    Branch.Generate branch = new Branch.Generate(new int[0], 1, SamplingParams.GREEDY);
    assertThatThrownBy(() -> branch.withStopStrings(List.of("a", "")))
        .hasMessageContaining("at least one character");
    assertThatThrownBy(() -> branch.withTopLogProbabilities(21)).hasMessageContaining("0 to 20");
  }
}
