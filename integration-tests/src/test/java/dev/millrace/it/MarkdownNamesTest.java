package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MarkdownNamesTest {
  private static final Commands COMMANDS = Commands.ofTheProgram();

  private static MarkdownNames names() {
    return new MarkdownNames(
        Set.of("StreamIT", "EngineLoopTest", "TidyTest"),
        Set.of("millrace.docs.write", "--check", "LinkedHashMap")::contains,
        Set.of("topics.documents"),
        COMMANDS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "`HappyPathIT`; there is no class HappyPathIT",
        "`NoSuchClass.method()`; there is no class NoSuchClass",
        "`mvn verify -Dit.test=HappyPathIT`; there is no test HappyPathIT",
        "`-Dmillrace.docs.wrote=true`; there is no property millrace.docs.wrote",
        "`./millrace topics destroy`; there is no command topics destroy",
        "`millrace topic create`; there is no command topic",
        "`./millrace topics create|destroy`; there is no command topics destroy",
        "`./millrace tail --config F --maximum 3`; millrace tail has no option --maximum",
        "`redrive --reasons X`; millrace redrive has no option --reasons",
        "`--no-such-option`; there is no option --no-such-option",
        "`topics.document`; there is no setting topics.document",
        "[page](gone.md); there is no file gone.md"
      })
  void shouldFindASeededMistake(String markdown, String problem) {
    assertThat(names().problems(markdown, "there.md"::equals)).containsExactly(problem);
    assertThat(names().problems("a\n" + markdown + "\nb", "there.md"::equals)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "```\n./millrace topic create # no\n```",
        "```sh\nmvn verify \\\n  -Dit.test=HappyPathIT\n```",
        "`./millrace bench\nstreams`"
      })
  void shouldFindMistakesInBlocksAndAcrossLines(String markdown) {
    assertThat(names().problems(markdown, _ -> true)).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "`StreamIT`, `LinkedHashMap`, `StatefulSet`, `TIMEOUT`, `Rejected`",
        "`mvn verify -Dit.test=StreamIT -Dmillrace.docs.write=true`",
        "`./millrace demo --documents 8 --json`, `./millrace --help`, `./millrace`",
        "`./millrace topics create|check --config FILE`",
        "```\n./millrace run --config millrace.yaml & # in the background\n```",
        "`enrich`, `redrive --reason X`, `--check`, `--config FILE`",
        "`topics.documents`, `kafka.client.security.protocol`, `documents.jsonl`",
        "[page](there.md#part), [web](https://example.org/x)"
      })
  void shouldPassWhatExists(String markdown) {
    assertThat(names().problems(markdown, "there.md"::equals)).isEmpty();
  }
}
