package dev.millrace.cli.enrich;

import dev.millrace.cli.JsonLines;
import java.nio.ByteBuffer;
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

  /** Adds a line and gives the digest of all up to it, in hexadecimal digits. */
  String add(JsonLines.Line line) {
    digest.update(last);
    switch (line) {
      case JsonLines.Text text -> digest.update(text.text().getBytes(StandardCharsets.UTF_8));
      // What is in it is not kept; that it is there, and how long it is, has to do.
      case JsonLines.NotUtf8 _ -> digest.update((byte) 0xff);
      case JsonLines.TooLong tooLong ->
          digest.update(ByteBuffer.allocate(Long.BYTES).putLong(tooLong.bytes()).array());
    }
    last = digest.digest();
    return HexFormat.of().formatHex(last);
  }
}
