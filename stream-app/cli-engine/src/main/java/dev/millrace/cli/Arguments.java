package dev.millrace.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether the arguments are what was typed. The JVM decodes them by the locale's character set and
 * puts U+FFFD in place of each byte that it cannot decode: with {@code LC_ALL=C}, of every letter
 * that is not ASCII. A prompt of such would be answered, a file of such not be found.
 */
final class Arguments {

  private static final char REPLACEMENT = '\uFFFD';
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private Arguments() {}

  /** Why these arguments cannot be used; empty if they can. */
  static Optional<String> problem(String... arguments) {
    for (int i = 0; i < arguments.length; i++) {
      if (isGarbled(arguments[i]) && !isMeant(i, arguments)) {
        return Optional.of(
            String.format(
                Locale.ROOT,
                "argument %d has characters that the locale's character set (%s) cannot name, so"
                    + " they were lost; write it in UTF-8 and set LC_ALL=C.UTF-8, which the"
                    + " launcher ./millrace does by itself where that locale is installed",
                i + 1,
                System.getProperty("sun.jnu.encoding")));
      }
    }
    return Optional.empty();
  }

  private static boolean isGarbled(String argument) {
    return argument.indexOf(REPLACEMENT) >= 0
        || !StandardCharsets.UTF_8.newEncoder().canEncode(argument);
  }

  /** Whether the bytes that were given say the same: U+FFFD is a character like others. */
  private static boolean isMeant(int index, String... arguments) {
    try {
      List<byte[]> given = split(Files.readAllBytes(COMMAND_LINE));
      if (given.size() <= arguments.length) {
        return false;
      }
      byte[] bytes = given.get(given.size() - arguments.length + index);
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .toString()
          .equals(arguments[index]);
    } catch (CharacterCodingException e) {
      return false;
    } catch (IOException e) {
      // No such file but on Linux. Elsewhere names are Unicode, and nothing gets lost.
      return false;
    }
  }

  /** The parts that end in a zero byte each. */
  private static List<byte[]> split(byte[] line) {
    List<byte[]> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < line.length; i++) {
      if (line[i] == 0) {
        parts.add(Arrays.copyOfRange(line, from, i));
        from = i + 1;
      }
    }
    return parts;
  }
}
