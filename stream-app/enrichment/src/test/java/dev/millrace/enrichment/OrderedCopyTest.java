package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OrderedCopyTest {
  private static final long SEED = 41;

  /** Names in an order that no hash and no alphabet has. */
  private static List<String> shuffled(int count) {
    List<String> names =
        new ArrayList<>(IntStream.range(0, count).mapToObj(i -> "name-" + i).toList());
    Collections.shuffle(names, new Random(SEED));
    return names;
  }

  private static Map<String, String> map(List<String> names) {
    Map<String, String> map = new LinkedHashMap<>();
    names.forEach(name -> map.put(name, "of " + name));
    return map;
  }

  @Test
  void shouldKeepTheOrderOfADocumentsAttributes() {
    for (int count = 0; count < 60; count++) {
      List<String> names = shuffled(count);

      Document document = new Document("id", "text", "", "", "", "", map(names), Instant.EPOCH);

      assertThat(document.attributes()).as("seed %d", SEED).isEqualTo(map(names));
      assertThat(document.attributes().keySet())
          .as("seed %d", SEED)
          .containsExactlyElementsOf(names);
    }
  }

  @Test
  void shouldKeepTheOrderOfASet() {
    List<String> names = shuffled(50);

    assertThat(OrderedCopy.of(new LinkedHashSet<>(names))).containsExactlyElementsOf(names);
  }

  @Test
  void shouldNotChangeWithTheOriginal() {
    Map<String, String> map = map(List.of("a", "b"));
    Set<String> set = new LinkedHashSet<>(List.of("a"));

    Map<String, String> mapCopy = OrderedCopy.of(map);
    Set<String> setCopy = OrderedCopy.of(set);
    map.clear();
    set.clear();

    assertThat(mapCopy).hasSize(2);
    assertThat(setCopy).hasSize(1);
    assertThatThrownBy(mapCopy::clear).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(setCopy::clear).isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void shouldRefuseNulls() {
    Map<String, String> map = new HashMap<>();
    map.put("key", null);

    assertThatThrownBy(() -> OrderedCopy.of(map)).isInstanceOf(NullPointerException.class);
  }
}
