package dev.millrace.cli.enrich;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A digest of the lines that were read so far, for each of them: SHA-256 of the one before and the
 * line. Owned by the reading thread.
 */
final class InputChain {
  private final MessageDigest digest;
  private byte[] last = {};

  InputChain() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Adds what was read and gives the digest of all up to it, in hexadecimal digits. */
  String add(String raw) {
    digest.update(last);
    digest.update(raw.getBytes(StandardCharsets.UTF_8));
    last = digest.digest();
    return HexFormat.of().formatHex(last);
  }
}
