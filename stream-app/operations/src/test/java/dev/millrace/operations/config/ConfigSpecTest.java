package dev.millrace.operations.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Configurations put together from parts, as programs of other rooms do. */
class ConfigSpecTest {
  private static final ConfigKey<Integer> SIZE =
      ConfigKey.optional("pond.size", ConfigType.integer(1, 9), "3", "4", "How large it is.")
          .renamedFrom("pond.width", "lake.size");

  private static final ConfigKey<Integer> FISH =
      ConfigKey.optional("pond.fish", ConfigType.integer(0, 9), "1", "2", "How many live in it.")
          .since("0.2");

  private static final ConfigSection POND =
      ConfigSection.of(
          "pond",
          "The pond.",
          List.of(SIZE, FISH),
          problems ->
              problems.require(
                  problems.config().get(FISH) <= problems.config().get(SIZE),
                  "pond.fish (%d) must not be above pond.size (%d)",
                  problems.config().get(FISH),
                  problems.config().get(SIZE)));

  private static final ConfigSpec SPEC = ConfigSpec.of(POND);

  private static Config parse(String yaml, Map<String, String> environment) {
    return ConfigReader.parse(SPEC, "test.yaml", Path.of("."), yaml, environment);
  }

  private static List<String> problems(String yaml, Map<String, String> environment) {
    return catchThrowableOfType(ConfigException.class, () -> parse(yaml, environment)).problems();
  }

  @Test
  void shouldKnowOnlyTheKeysOfItsParts() {
    assertThat(parse("pond.size: 5", Map.of()).get(SIZE)).isEqualTo(5);
    assertThat(problems("model.dir: m", Map.of()))
        .singleElement()
        .asString()
        .contains("unknown key \"model.dir\"");
    assertThatThrownBy(() -> parse("", Map.of()).get(ModelKeys.DIR))
        .hasMessageContaining("model.dir");
  }

  @Test
  void shouldCheckTheRulesOfASection() {
    assertThat(problems("pond.fish: 7", Map.of()))
        .containsExactly("pond.fish (7) must not be above pond.size (3)");
  }

  @Test
  void shouldReadANameOfOldAndTellIt() {
    Config config = parse("lake.size: 6", Map.of());

    assertThat(config.get(SIZE)).isEqualTo(6);
    assertThat(config.notes()).containsExactly("lake.size is called pond.size now: rename it");
    assertThat(parse("", Map.of("MILLRACE_POND_WIDTH", "7")).get(SIZE)).isEqualTo(7);
  }

  @Test
  void shouldRefuseAnOldNameBesideTheNewOne() {
    assertThat(problems("pond.size: 6\npond.width: 6", Map.of()))
        .containsExactly("pond.size is set twice: its old name is pond.width; remove that");
  }

  @Test
  void shouldQuoteTheValueOfAnOldName() {
    assertThat(problems("pond.width: wide", Map.of()))
        .containsExactly("pond.size: expected an integer 1..9, got \"wide\"");
  }

  @Test
  void shouldRefuseTwoKeysOfOneName() {
    ConfigKey<Integer> again =
        ConfigKey.optional("pond.width", ConfigType.integer(1, 9), "3", "4", "Old and new.");

    assertThatThrownBy(
            () -> ConfigSpec.of(POND, ConfigSection.of("pond", "Another.", List.of(again))))
        .hasMessage("two settings are called pond.width");
    assertThatThrownBy(() -> ConfigSection.of("lake", "A lake.", List.of(SIZE)))
        .hasMessageContaining("does not belong into section lake");
  }
}
