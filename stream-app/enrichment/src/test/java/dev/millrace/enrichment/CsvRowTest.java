package dev.millrace.enrichment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CsvRowTest {
  private static final CsvRow ROW = new CsvRow(List.of("id", "text", "title"), ',');

  private static String fault(String line) {
    DocumentException e = catchThrowableOfType(DocumentException.class, () -> ROW.parse(line));
    assertThat(e.reason()).isEqualTo(RejectReason.UNDECODABLE);
    return String.valueOf(e.getMessage());
  }

  @Test
  void shouldReadALineOfValues() {
    JsonNode row = ROW.parse("\ufeff7,\"one, \"\"two\"\"\nthree\",\r\n");

    assertThat(row.path("id").textValue()).isEqualTo("7");
    assertThat(row.path("text").textValue()).isEqualTo("one, \"two\"\nthree");
    assertThat(row.has("title")).as("empty, without quotation marks").isFalse();
    assertThat(ROW.parse("1,x,\"\"").path("title").textValue()).isEmpty();
    assertThat(ROW.parse(",,").isEmpty()).isTrue();
    assertThat(new CsvRow(List.of("a", "b"), '\t').parse("1,2\t3").path("a").textValue())
        .isEqualTo("1,2");
  }

  @Test
  void shouldSayWhatIsNoSuchLine() {
    assertThat(fault("1,x")).isEqualTo("the line has 2 fields, there are 3 columns");
    assertThat(fault("")).contains("1 fields");
    assertThat(fault("1,x,y,secret")).contains("4 fields").doesNotContain("secret");
    assertThat(fault("1,x,y\n2,x,y")).contains("field 3: a second line begins");
    assertThat(fault("1,\"x,y")).contains("field 2: its quotation mark is not closed");
    assertThat(fault("1,\"x\"y,z")).contains("field 2: character 5 follows a closing");
    assertThat(fault("1,x\"y\",z")).contains("field 2: a quotation mark at character 3");
  }

  @Test
  void shouldReadWhatItWrites() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    String alphabet = "a,\"\n\r; \u00e9";
    for (int i = 0; i < 2_000; i++) {
      StringBuilder text = new StringBuilder();
      int length = random.nextInt(12);
      for (int c = 0; c < length; c++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      JsonNode row = ROW.parse(ROW.line(Map.of("id", "x", "text", text.toString())));

      assertThat(row.path("text").asText())
          .as("seed %d, line %d", seed, i)
          .isEqualTo(text.toString());
    }
  }
}
