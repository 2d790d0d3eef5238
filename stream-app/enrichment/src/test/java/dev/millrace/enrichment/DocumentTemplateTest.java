package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.enrichment.Outcome.Rejected;
import dev.millrace.enrichment.testing.ScriptedEngine;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a model reads of a document besides its text. */
class DocumentTemplateTest extends EnricherKit {
  private static final String TEMPLATED =
      TASKS.replace(
          "beyond: reject}",
          "beyond: reject, template: \"Title: {title}\\nFrom {source} ({language})\\n\\n{text}\\n#\"}");

  private static Document document(String title, String source, String text) {
    return new Document(
        "d", text, "en", title, source, "acme", Map.of("kind", "note"), Instant.EPOCH);
  }

  private static String around(String template, Document document) {
    return new DocumentTemplate(template).frame(document).around("TEXT");
  }

  @Test
  void shouldPutFieldsAroundTheText() {
    Document document = document("A mill", "mail", "x");

    assertThat(
            around("{id} {title} {source} {language} {tenant} {attributes.kind}: {text}", document))
        .isEqualTo("d A mill mail en acme note: TEXT");
    assertThat(around("{{{title}}}\n{text}", document)).isEqualTo("{A mill}\nTEXT");
    assertThat(around("a\n\n{text}\n\nb\n", document)).isEqualTo("a\n\nTEXT\n\nb\n");
    assertThat(around("", document)).isEqualTo("TEXT");
  }

  @Test
  void shouldLeaveOutALineWhoseFieldsAreAllEmpty() {
    Document document = document("", "mail", "x");

    assertThat(around("Title: {title}\nFrom {source}\n{text}", document))
        .isEqualTo("From mail\nTEXT");
    assertThat(around("{title} {source}\n{text}\n{attributes.none}", document))
        .isEqualTo(" mail\nTEXT");
    assertThat(around("{title}{text}", document)).isEqualTo("TEXT");
  }

  @Test
  void shouldNotLookForFieldsInWhatIsPutIn() {
    assertThat(around("{title}\n{text}", document("{text}{id}{{", "", "x")))
        .isEqualTo("{text}{id}{{\nTEXT");
  }

  @Test
  void shouldRefuseATemplateThatCannotBeMeant() {
    assertThatThrownBy(() -> new DocumentTemplate("{title}"))
        .hasMessageContaining("{text} exactly once");
    assertThatThrownBy(() -> new DocumentTemplate("{text}{text}"))
        .hasMessageContaining("exactly once");
    assertThatThrownBy(() -> new DocumentTemplate("{text}{titel}"))
        .hasMessageContaining("{titel} is no field of a document; there are {text}, {id}");
    assertThatThrownBy(() -> new DocumentTemplate("{text} }"))
        .hasMessageContaining("a single }; write }}");
    assertThatThrownBy(() -> new DocumentTemplate("{attributes.}{text}"))
        .hasMessageContaining("no field");
    assertThatThrownBy(() -> PlanReader.parse(TEMPLATED.replace("{title}", "{x}"), "test"))
        .isInstanceOf(PlanException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("{x}");
  }

  @Test
  void shouldAskAboutTheTextWithItsFields() {
    ScriptedEngine engine = engine(new Echo());

    Enrichment found = enriched(enricher(engine, TEMPLATED), document("A mill", "mail", "Grinds."));

    assertThat(text(engine.requests().getFirst().prefix()))
        .isEqualTo("Title: A mill\nFrom mail (en)\n\nGrinds.\n#");
    assertThat(found.coverage().characters()).as("of the text alone").isEqualTo(7);
    assertThat(found.documentSha256()).isEqualTo(DocumentCheck.sha256("Grinds."));
  }

  @Test
  void shouldKeepTheFieldsAroundEveryPart() {
    ScriptedEngine engine = engine(new Echo());
    String text = "a".repeat(50) + ".\n\n" + "b".repeat(50) + ".";

    Enrichment found = enriched(enricher(engine, TEMPLATED), document("A mill", "", text));

    List<String> prompts =
        engine.requests().stream().map(request -> text(request.prefix())).limit(2).toList();
    assertThat(prompts)
        .containsExactlyInAnyOrder(
            "Title: A mill\nFrom  (en)\n\n" + "a".repeat(50) + ".\n#",
            "Title: A mill\nFrom  (en)\n\n" + "b".repeat(50) + ".\n#");
    assertThat(prompts).allSatisfy(prompt -> assertThat(prompt.length()).isLessThanOrEqualTo(100));
    assertThat(found.coverage().spans()).hasSize(2);
    assertThat(found.coverage().fraction()).isEqualTo(1);
  }

  @Test
  void shouldRejectADocumentWhoseFieldsLeaveNoRoomForItsText() {
    Rejected rejected =
        (Rejected)
            outcome(
                enricher(engine(new Echo()), TEMPLATED),
                document("t".repeat(90), "", "Grinds. ".repeat(20)));

    assertThat(rejected.reason()).isEqualTo(RejectReason.TOO_LONG);
    assertThat(rejected.message())
        .contains("documents.template")
        .contains("100 that a part has")
        .doesNotContain("ttt");
  }

  @Test
  void shouldGiveAPlanWithoutATemplateTheFingerprintItHadBefore() {
    String plain = PlanReader.parse(TASKS, "test").fingerprint();

    assertThat(PlanReader.parse(TEMPLATED, "test").fingerprint()).isNotEqualTo(plain);
    assertThat(PlanReader.parse(TASKS.replace("reject}", "reject, template: \"\"}"), "test"))
        .isEqualTo(PlanReader.parse(TASKS, "test"));
  }
}
