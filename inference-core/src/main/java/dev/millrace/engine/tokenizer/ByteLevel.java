package dev.millrace.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The alphabet in which byte-level vocabularies are stored: each byte is one printable character.
 * Printable Latin-1 stands for itself, the rest for 256 and up in ascending order.
 */
final class ByteLevel {

  private static final char[] CHARACTER_OF_BYTE = new char[256];
  private static final int[] BYTE_OF_CHARACTER = new int[512];

  static {
    Arrays.fill(BYTE_OF_CHARACTER, -1);
    char next = 256;
    for (int value = 0; value < 256; value++) {
      boolean printable =
          (value >= '!' && value <= '~') || (value >= 0xa1 && value <= 0xac) || value >= 0xae;
      CHARACTER_OF_BYTE[value] = printable ? (char) value : next++;
      BYTE_OF_CHARACTER[CHARACTER_OF_BYTE[value]] = value;
    }
  }

  private ByteLevel() {}

  /** How a byte is stored. */
  static char character(byte value) {
    return CHARACTER_OF_BYTE[Byte.toUnsignedInt(value)];
  }

  /** Whether a stored token consists of this alphabet, so that text can become it. */
  static boolean isStored(String stored) {
    return stored.chars().allMatch(c -> c < BYTE_OF_CHARACTER.length && BYTE_OF_CHARACTER[c] >= 0);
  }

  /** The bytes a stored token stands for; characters outside the alphabet stand for themselves. */
  static byte[] bytes(String stored) {
    byte[] bytes = new byte[stored.length()];
    for (int i = 0; i < bytes.length; i++) {
      char character = stored.charAt(i);
      int value = character < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[character] : -1;
      if (value < 0) {
        return stored.getBytes(StandardCharsets.UTF_8);
      }
      bytes[i] = (byte) value;
    }
    return bytes;
  }
}
