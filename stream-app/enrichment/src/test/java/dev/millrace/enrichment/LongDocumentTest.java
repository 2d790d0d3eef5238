package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.enrichment.Enrichment.Coverage;
import dev.millrace.enrichment.Enrichment.Span;
import dev.millrace.enrichment.Outcome.Enriched;
import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Documents of several parts: how they are read, and how their answers become one. */
class LongDocumentTest extends EnricherKit {

  @Test
  void shouldReadALongDocumentInPartsAndReduceThem() {
    ScriptedEngine engine = engine(new Echo());
    String first = "a".repeat(50) + ".\n\n";
    String second = "b".repeat(80) + ".\n";
    String third = "c".repeat(60) + ".";
    String text = first + second + third;

    Enrichment found = enriched(enricher(engine, TASKS), doc(text));

    assertThat(engine.requests()).hasSize(4);
    assertThat(text(engine.requests().get(3).prefix()))
        .isEqualTo("sum(aaaaaaaa)\nsum(bbbbbbbb)\nsum(cccccccc)");
    assertThat(found.summary()).contains("join(41)");
    assertThat(found.translations().get("it"))
        .isEqualTo(
            "IT<%s>\n\nIT<%s>\nIT<%s>".formatted(first.strip(), second.strip(), third.strip()));
    assertThat(found.coverage())
        .isEqualTo(
            new Coverage(
                text.length(), List.of(new Span(0, 53), new Span(53, 135), new Span(135, 196)), 1));
    assertThat(found.usage().documentTokens()).isEqualTo(51 + 81 + 61);
    assertThat(found.usage().requests()).isEqualTo(4);
  }

  @Test
  void shouldAverageLabelScoresByTokens() {
    Script script =
        new Echo() {
          @Override
          public double[] score(String prompt, String instruction, List<String> labels) {
            return prompt.startsWith("a") ? new double[] {-1, -2, -9} : new double[] {-3, -1, -9};
          }
        };
    String text = "a".repeat(90) + ". " + "b".repeat(29) + ".";

    var found = enriched(enricher(engine(script), TASKS), doc(text)).classification().orElseThrow();

    double a = (-1 * 91 + -3 * 30) / 121.0;
    double ab = (-2 * 91 + -1 * 30) / 121.0;
    double sum = Math.exp(a) + Math.exp(ab) + Math.exp(-9);
    assertThat(found.likeliest().orElseThrow().label()).isEqualTo("a");
    assertThat(found.likeliest().orElseThrow().probability())
        .isCloseTo(Math.exp(a) / sum, within(1e-12));
    assertThat(found.distribution().get("ab")).isCloseTo(Math.exp(ab) / sum, within(1e-12));
  }

  @Test
  void shouldReduceInRoundsWhenSummariesDoNotFitOnePart() {
    String plan = TASKS.replace("partsMax: 4", "partsMax: 40");
    Script script =
        new Echo() {
          @Override
          public String generate(String prompt, String instruction) {
            return instruction.equals("/sum") || instruction.equals("/join")
                ? prompt.substring(0, 1).repeat(39)
                : super.generate(prompt, instruction);
          }
        };
    ScriptedEngine engine = engine(script);
    String text =
        IntStream.range(0, 5)
            .mapToObj(i -> String.valueOf((char) ('a' + i)).repeat(90))
            .collect(Collectors.joining("\n"));

    Enrichment found = enriched(enricher(engine, plan), doc(text));

    List<String> joined =
        engine.requests().stream()
            .filter(request -> request.branches().size() == 1)
            .map(request -> text(request.prefix()))
            .toList();
    assertThat(joined).hasSize(4);
    assertThat(joined.subList(0, 2))
        .containsExactlyInAnyOrder(
            "a".repeat(39) + "\n" + "b".repeat(39), "c".repeat(39) + "\n" + "d".repeat(39));
    assertThat(joined.get(2)).isEqualTo("a".repeat(39) + "\n" + "c".repeat(39));
    assertThat(joined.get(3)).isEqualTo("a".repeat(39) + "\n" + "e".repeat(39));
    assertThat(found.summary()).contains("a".repeat(39));
  }

  @Test
  void shouldJoinAtLeastTwoSummariesHoweverLongTheyAre() {
    PromptBook prompts =
        new PromptBook(PlanReader.parse(TASKS, "test"), engine(new Echo()).model());

    assertThat(prompts.groups(List.of("x".repeat(200), "y".repeat(200), "z")))
        .containsExactly(List.of("x".repeat(200), "y".repeat(200)), List.of("z"));
    assertThat(prompts.groups(List.of("a", "b", "c"))).containsExactly(List.of("a", "b", "c"));
  }

  @Test
  void shouldRejectOrReadTheFirstPartsOfADocumentBeyondThePlan() {
    String text = "word ".repeat(1_048_576); // 5 MB
    ScriptedEngine engine = engine(new Echo());

    Rejected rejected = (Rejected) outcome(enricher(engine, TASKS), doc(text));
    Enrichment partly =
        enriched(enricher(engine, TASKS.replace("reject}", "read-first}")), doc(text));

    assertThat(rejected.reason()).isEqualTo(RejectReason.TOO_LONG);
    assertThat(rejected.message()).contains("5242880 characters", "4 parts of 100 tokens");
    assertThat(partly.coverage().spans()).hasSize(4);
    assertThat(partly.coverage().fraction()).isEqualTo(400 / 5242880.0);
  }

  @Test
  void shouldCoverAllOfTheTextOrSayOtherwise() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      String text =
          random
              .ints(1 + random.nextInt(600), 0, 12)
              .mapToObj(i -> i == 0 ? "\n\n" : i == 1 ? ". " : i < 4 ? " " : "w")
              .collect(Collectors.joining("", "x", ""));
      boolean reject = random.nextBoolean();
      String plan = reject ? TASKS : TASKS.replace("reject}", "read-first}");

      Outcome outcome = outcome(enricher(engine(new Echo()), plan), doc(text));

      if (outcome instanceof Enriched(Enrichment found)) {
        int end = 0;
        for (Span span : found.coverage().spans()) {
          assertThat(span.start()).as("seed %d round %d", seed, round).isEqualTo(end);
          end = span.end();
        }
        assertThat(found.coverage().fraction())
            .as("seed %d round %d", seed, round)
            .isEqualTo((double) end / text.length());
        assertThat(end == text.length() || !reject).as("seed %d round %d", seed, round).isTrue();
      } else {
        assertThat(reject).as("seed %d round %d", seed, round).isTrue();
        assertThat(((Rejected) outcome).reason()).isEqualTo(RejectReason.TOO_LONG);
      }
    }
  }

  @Test
  void shouldUseWhatTheContextLeavesWhenThePlanSetsNoPartSize() {
    ScriptedEngine engine = track(new ScriptedEngine(400, new Echo()));
    String plan = "promptVersion: t\ntasks: {summarise: {instruction: /sum, tokensMax: 40}}\n";
    int room = 400 - 40 - 2 - "/sum".length() - 2;

    assertThat(outcome(enricher(engine, plan), doc("x".repeat(room)))).isInstanceOf(Enriched.class);
    assertThat(reason(enricher(engine, plan), doc("x".repeat(room + 1))))
        .isEqualTo(RejectReason.TOO_LONG);
  }
}
