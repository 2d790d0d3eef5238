package dev.millrace.cli.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.millrace.schema.CredentialMask;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One line of JSON for each event of the log, whatever is in its message, and without secrets. The
 * names are a contract: {@code time}, {@code level}, {@code logger}, {@code thread}, {@code
 * message}, and of a failure {@code error} with {@code type}, {@code message} and {@code trace}.
 * Thread-safe: the appender calls it by one thread at a time.
 */
final class JsonEncoder extends EncoderBase<ILoggingEvent> {
  private static final byte[] NOTHING = {};

  private final ThrowableProxyConverter traces = new ThrowableProxyConverter();

  @Override
  public void start() {
    traces.setContext(getContext());
    traces.start();
    super.start();
  }

  @Override
  public byte[] headerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] footerBytes() {
    return NOTHING;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(256);
    line.append('{');
    // To the millisecond, always: texts of one length sort as the times do.
    add(
        line,
        "time",
        String.format(Locale.ROOT, "%tFT%<tT.%<tLZ", event.getInstant().atZone(ZoneOffset.UTC)));
    add(line, "level", event.getLevel().toString());
    add(line, "logger", event.getLoggerName());
    add(line, "thread", event.getThreadName());
    add(line, "message", event.getFormattedMessage());
    IThrowableProxy error = event.getThrowableProxy();
    if (error != null) {
      line.append(",\"error\":{");
      add(line, "type", error.getClassName());
      add(line, "message", error.getMessage());
      add(line, "trace", traces.convert(event));
      line.append('}');
    }
    return line.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void add(StringBuilder line, String name, @Nullable String value) {
    if (line.charAt(line.length() - 1) != '{') {
      line.append(',');
    }
    line.append('"').append(name).append("\":");
    if (value == null) {
      line.append("null");
    } else {
      quote(line, CredentialMask.inText(value));
    }
  }

  private static void quote(StringBuilder line, String text) {
    line.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < ' ' || Character.isSurrogate(c) || c == '\u2028' || c == '\u2029') {
            // Half a pair would not be UTF-8; some readers take the two separators for line ends.
            line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }
}
