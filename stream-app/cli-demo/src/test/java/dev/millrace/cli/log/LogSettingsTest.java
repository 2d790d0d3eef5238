package dev.millrace.cli.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigException;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.ConfigSpec;
import dev.millrace.operations.config.LogKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

class LogSettingsTest {
  @TempDir private Path directory;

  private final LoggerContext context = new LoggerContext();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private Config config(String yaml) throws IOException {
    Path file = Files.writeString(directory.resolve("millrace.yaml"), yaml);
    ConfigSpec spec = new ConfigSpec(List.of(LogKeys.SECTION), List.of(), List.of(), List.of());
    return ConfigReader.read(spec, file, Map.of());
  }

  /** A log of its own, set up as the program's is. */
  private Logger logger(String name, String yaml) throws IOException {
    context.setMDCAdapter(new LogbackMDCAdapter());
    PatternLayoutEncoder text = new PatternLayoutEncoder();
    text.setContext(context);
    text.setPattern("%level %msg%n");
    text.start();
    OutputStreamAppender<ILoggingEvent> appender = new OutputStreamAppender<>();
    appender.setContext(context);
    appender.setEncoder(text);
    appender.setOutputStream(out);
    appender.start();
    context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(appender);
    LogSettings.apply(config(yaml), context);
    return context.getLogger(name);
  }

  private List<JsonNode> events() throws IOException {
    List<JsonNode> events = new ArrayList<>();
    for (String line : out.toString(StandardCharsets.UTF_8).lines().toList()) {
      events.add(new ObjectMapper().readTree(line));
    }
    return events;
  }

  @Test
  void shouldWriteEachEventAsOneLineOfJson() throws IOException {
    Logger logger = logger("dev.millrace.a", "log.format: json\n");
    Instant before = Instant.now().minusMillis(1);

    logger.info("one \"{}\"\n\\ two\t\u0001 \u2028 é 𝄞", 17);
    logger.warn("it failed", new IllegalStateException("because\nof this"));

    assertThat(events()).hasSize(2);
    JsonNode first = events().getFirst();
    assertThat(first.fieldNames())
        .toIterable()
        .containsExactly("time", "level", "logger", "thread", "message");
    assertThat(first.path("message").asText()).isEqualTo("one \"17\"\n\\ two\t\u0001 \u2028 é 𝄞");
    assertThat(first.path("level").asText()).isEqualTo("INFO");
    assertThat(first.path("logger").asText()).isEqualTo("dev.millrace.a");
    assertThat(first.path("thread").asText()).isEqualTo(Thread.currentThread().getName());
    assertThat(first.path("time").asText()).hasSize("2026-01-01T00:00:00.000Z".length());
    assertThat(Instant.parse(first.path("time").asText())).isBetween(before, Instant.now());
    JsonNode error = events().getLast().path("error");
    assertThat(error.path("type").asText()).isEqualTo("java.lang.IllegalStateException");
    assertThat(error.path("message").asText()).isEqualTo("because\nof this");
    assertThat(error.path("trace").asText()).contains("LogSettingsTest.shouldWriteEachEvent");
  }

  @Test
  void shouldShowNoSecretInAnyPart() throws IOException {
    Logger logger = logger("a", "log.format: json\n");

    logger.warn(
        "asked http://millrace:hunter2@registry:8081/subjects",
        new IllegalStateException("http://millrace:hunter2@registry"));

    assertThat(out.toString(StandardCharsets.UTF_8)).doesNotContain("hunter2");
    assertThat(events()).hasSize(1);
  }

  @Test
  void shouldTakeLevelsByLogger() throws IOException {
    Logger loud = logger("dev.millrace.a", "log.levels: dev.millrace=debug, root=ERROR\n");

    loud.debug("said");
    context.getLogger("org.apache.kafka").warn("not said");
    context.getLogger("org.apache.kafka").error("said, too");

    assertThat(out.toString(StandardCharsets.UTF_8).lines())
        .containsExactly("DEBUG said", "ERROR said, too");
  }

  @Test
  void shouldSayWhatALevelIs() {
    assertThatThrownBy(() -> config("log.levels: dev.millrace=LOUD\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("log.levels")
        .hasMessageContaining("LOGGER=LEVEL");
  }
}
