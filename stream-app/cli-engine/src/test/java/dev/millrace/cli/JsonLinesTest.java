package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonLinesTest {

  @Test
  void shouldReadLinesWithAndWithoutALastBreak() throws IOException {
    assertThat(lines("a\n\nß\n", 10))
        .containsExactly(
            new JsonLines.Text(1, "a", 1),
            new JsonLines.Text(2, "", 0),
            new JsonLines.Text(3, "ß", 2));
    assertThat(lines("a\nb", 10))
        .containsExactly(new JsonLines.Text(1, "a", 1), new JsonLines.Text(2, "b", 1));
    assertThat(lines("", 10)).isEmpty();
  }

  @Test
  void shouldCountALongLineWithoutKeepingIt() throws IOException {
    String longLine = "x".repeat(200_000);

    assertThat(lines("a\n" + longLine + "\nb\n" + longLine, 100_000))
        .containsExactly(
            new JsonLines.Text(1, "a", 1),
            new JsonLines.TooLong(2, 200_000),
            new JsonLines.Text(3, "b", 1),
            new JsonLines.TooLong(4, 200_000));
    assertThat(lines(longLine, 200_000)).containsExactly(new JsonLines.Text(1, longLine, 200_000));
  }

  @Test
  void shouldReadAcrossAnyCutOfTheStream() throws IOException {
    byte[] bytes = "one\n{\"ü\"}\n\nlast".getBytes(StandardCharsets.UTF_8);
    InputStream oneByOne =
        new ByteArrayInputStream(bytes) {
          @Override
          public synchronized int read(byte[] target, int offset, int length) {
            return super.read(target, offset, 1);
          }
        };

    assertThat(all(new JsonLines(oneByOne, 100)))
        .containsExactly(
            new JsonLines.Text(1, "one", 3),
            new JsonLines.Text(2, "{\"ü\"}", 6),
            new JsonLines.Text(3, "", 0),
            new JsonLines.Text(4, "last", 4));
  }

  @Test
  void shouldNotGuessAtWhatIsNotUtf8() throws IOException {
    byte[] bytes = {'a', '\n', (byte) 0xc3, '(', '\n', 'b'};

    assertThat(all(new JsonLines(new ByteArrayInputStream(bytes), 10)))
        .containsExactly(
            new JsonLines.Text(1, "a", 1), new JsonLines.NotUtf8(2), new JsonLines.Text(3, "b", 1));
  }

  private static List<JsonLines.Line> lines(String text, int lineBytesMax) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return all(new JsonLines(new ByteArrayInputStream(bytes), lineBytesMax));
  }

  private static List<JsonLines.Line> all(JsonLines lines) throws IOException {
    List<JsonLines.Line> all = new ArrayList<>();
    for (JsonLines.Line line = lines.next(); line != null; line = lines.next()) {
      all.add(line);
    }
    return all;
  }
}
