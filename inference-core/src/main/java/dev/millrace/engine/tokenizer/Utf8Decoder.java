package dev.millrace.engine.tokenizer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Bytes of tokens to text. A character that is cut by a token boundary waits for its rest; bytes
 * that are no UTF-8 become U+FFFD. Not thread-safe.
 */
final class Utf8Decoder implements Tokenizer.StreamDecoder {

  /** Bytes of an incomplete character: at most three. */
  private static final int CARRY_BYTES_MAX = 3;

  private final Map<Integer, byte[]> bytesOfToken;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] carry = new byte[0];

  Utf8Decoder(Map<Integer, byte[]> bytesOfToken) {
    this.bytesOfToken = bytesOfToken;
  }

  @Override
  public String next(int token) {
    byte[] bytes = bytesOfToken.get(token);
    return bytes == null ? "" : decode(bytes, false);
  }

  @Override
  public String finish() {
    String rest = decode(new byte[0], true);
    decoder.reset();
    return rest;
  }

  private String decode(byte[] bytes, boolean end) {
    ByteBuffer in = ByteBuffer.allocate(carry.length + bytes.length).put(carry).put(bytes).flip();
    CharBuffer out = CharBuffer.allocate(in.remaining() + CARRY_BYTES_MAX);
    decoder.reset();
    decoder.decode(in, out, end);
    if (end) {
      decoder.flush(out);
    }
    carry = new byte[in.remaining()];
    in.get(carry);
    return out.flip().toString();
  }
}
