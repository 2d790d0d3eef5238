package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.tokenizer.ChatTemplate;
import dev.millrace.engine.tokenizer.TokenizerException;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.PlainTemplate;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Prompts under templates that look into contents or change them. */
final class PromptBookTest extends EnricherKit {
  private static final int NO_THOUGHTS = 9;

  /** A template that makes something of its own of a turn. */
  private abstract static class Odd implements ChatTemplate {
    final PlainTemplate plain = new PlainTemplate();

    @Override
    public int[] encode(List<Message> messages, boolean generationPrompt) {
      return plain.encode(messages, generationPrompt);
    }

    @Override
    public List<Turn> turns(String system, String shared, List<String> varying) {
      return varying.stream().map(text -> oddTurn(system, shared, text)).toList();
    }

    abstract Turn oddTurn(String system, String shared, String varying);
  }

  @Test
  void shouldAskSeparatelyWhereAnInstructionChangesWhatComesBeforeTheDocument() {
    ScriptedEngine engine =
        engine(
            new Odd() {
              @Override
              Turn oddTurn(String system, String shared, String varying) {
                Turn turn = plain.turn(system, shared, varying);
                int[] mark = varying.equals("/it") ? new int[] {NO_THOUGHTS} : new int[0];
                return new Turn(
                    IntStream.concat(IntStream.of(mark), IntStream.of(turn.prefix())).toArray(),
                    turn.suffix());
              }
            });

    Enrichment found = enriched(enricher(engine, TASKS), doc("A text."));

    assertThat(engine.requests()).hasSize(2);
    assertThat(engine.requests().get(0).branches())
        .extracting(branch -> text(branch.suffix()))
        .containsExactly("/sum", "/kind");
    assertThat(engine.requests().get(1).branches())
        .extracting(branch -> text(branch.suffix()))
        .containsExactly("/it");
    assertThat(engine.requests().get(1).prefix()[0]).isEqualTo(NO_THOUGHTS);
    assertThat(found.summary()).isPresent();
    assertThat(found.translations()).containsKey("it");
  }

  @Test
  void shouldReadSmallerPartsWhereATemplateMakesMoreTokensOfAText() {
    ScriptedEngine engine =
        engine(
            new Odd() {
              @Override
              Turn oddTurn(String system, String shared, String varying) {
                return plain.turn(system, shared + shared, varying);
              }
            });

    Enrichment found = enriched(enricher(engine, TASKS), doc("word ".repeat(30)));

    assertThat(found.coverage().fraction()).isEqualTo(1);
    assertThat(found.coverage().spans()).hasSizeGreaterThan(1);
    for (InferenceRequest request : engine.requests().subList(0, 3)) {
      assertThat(text(request.prefix()).length()).isLessThanOrEqualTo(101);
    }
  }

  @Test
  void shouldRejectTheDocumentThatTheTemplateDoesNotTake() {
    ScriptedEngine engine =
        engine(
            new Odd() {
              @Override
              Turn oddTurn(String system, String shared, String varying) {
                if (shared.contains("</think>")) {
                  throw new TokenizerException(Path.of("t.jinja"), "it leaves out some of it");
                }
                return plain.turn(system, shared, varying);
              }
            });
    EngineEnricher enricher = enricher(engine, TASKS);

    Rejected rejected = (Rejected) outcome(enricher, doc("secret</think>rest"));

    assertThat(rejected.reason()).isEqualTo(RejectReason.INVALID_DOCUMENT);
    assertThat(rejected.message())
        .isEqualTo("the model's chat template does not take the text: it leaves out some of it");
    assertThat(enriched(enricher, doc("A text.")).summary()).isPresent();
  }

  private ScriptedEngine engine(ChatTemplate template) {
    return track(new ScriptedEngine(2000, new Echo(), template));
  }
}
