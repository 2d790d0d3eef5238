package dev.millrace.engine.template;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The Python library judges: what it prints is printed here, what it refuses is refused here. */
final class PythonParityTest {

  @Test
  void shouldPrintWhatPythonPrints() throws IOException {
    JsonNode data = Expected.read("expected.json");
    List<String> wrong = new ArrayList<>();
    int templates = 0;
    for (JsonNode each : data.path("templates")) {
      templates++;
      for (var rendering : each.path("renderings").properties()) {
        Map<String, Value> variables =
            Expected.variables(data.path("conversations").path(rendering.getKey()));
        String found = Expected.rendered(each.path("template").textValue(), variables);
        String wanted = rendering.getValue().textValue();
        if (wanted == null ? found != null : !wanted.equals(found)) {
          wrong.add(
              each.path("name").textValue()
                  + ", "
                  + rendering.getKey()
                  + ":\n  expected "
                  + wanted
                  + "\n  found    "
                  + found);
        }
      }
    }

    assertThat(templates).isGreaterThanOrEqualTo(40);
    assertThat(wrong).isEmpty();
  }

  @Test
  void shouldComputeWhatPythonComputes() throws IOException {
    JsonNode data = Expected.read("expected.json");
    List<String> wrong = new ArrayList<>();
    int computed = 0;
    int refused = 0;
    int unsupported = 0;
    for (JsonNode pair : data.path("expressions")) {
      String expression = pair.get(0).textValue();
      String wanted = pair.get(1).textValue();
      String found = null;
      try {
        Map<String, Value> given = Expected.variables(data.path("given"));
        found = Template.parse("{{ " + expression + " }}").render(given, 1000).string();
        computed++;
      } catch (TemplateException e) {
        refused++;
        if (wanted != null) {
          unsupported++;
          continue;
        }
      }
      if (wanted == null ? found != null : !wanted.equals(found)) {
        wrong.add(expression + ": expected " + wanted + ", found " + found);
      }
    }

    assertThat(wrong).isEmpty();
    assertThat(computed).isGreaterThan(2000);
    assertThat(refused).isGreaterThan(1000);
    assertThat(unsupported).as("what Python computes and this engine refuses").isLessThan(40);
  }
}
