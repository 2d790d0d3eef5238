package dev.millrace.records;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Names all plans and models that documents may get: another one means that the same document may
 * get other answers.
 *
 * @param hex the first eight bytes of a SHA-256, hexadecimal
 */
public record PlanFingerprint(String hex) {
  private static final int BYTES = Long.BYTES;

  /**
   * Of plans and models.
   *
   * @param parts fingerprint or digest of each, by name
   */
  public static PlanFingerprint of(Map<String, String> parts) {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(parts)
        .forEach((name, value) -> text.append(name).append('\0').append(value).append('\0'));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return new PlanFingerprint(HexFormat.of().formatHex(digest, 0, BYTES));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The same as a number. */
  public long number() {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex)).getLong();
  }
}
