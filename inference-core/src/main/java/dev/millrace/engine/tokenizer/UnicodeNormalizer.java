package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.Normalizer;

/**
 * One of Unicode's normal forms, as the tokenizers library computes it: with its tables, not the
 * younger ones of Java. The library is asked for it through a vocabulary of single bytes.
 * Thread-safe.
 */
final class UnicodeNormalizer implements AutoCloseable {

  private static final int PIECE_CHARS = 50_000;
  private static final int COMBINING_VOWELS_FROM = 0x1160;
  private static final int COMBINING_CONSONANTS_TO = 0x11ff;

  private final NativeTokenizer bytes;

  /** Below this character nothing changes and nothing combines. */
  private final char plainBelow;

  /**
   * Prepares one form.
   *
   * @param file for messages
   * @param form NFC, NFD, NFKC or NFKD
   */
  UnicodeNormalizer(Path file, String form) {
    this.plainBelow =
        switch (form) {
          case "NFC" -> 0x300;
          case "NFD" -> 0xc0;
          default -> 0xa0;
        };
    JsonNodeFactory json = JsonNodeFactory.instance;
    ObjectNode root = json.objectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding").putNull("post_processor").putNull("decoder");
    root.putArray("added_tokens");
    root.putObject("normalizer").put("type", form);
    root.putObject("pre_tokenizer")
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
    ObjectNode model = root.putObject("model").put("type", "BPE");
    model.putArray("merges");
    ObjectNode vocabulary = model.putObject("vocab");
    for (int value = 0; value < 256; value++) {
      vocabulary.put(String.valueOf(ByteLevel.character((byte) value)), value);
    }
    this.bytes = new NativeTokenizer(file, root.toString());
  }

  /** The normal form of a text without lone surrogates, in linear time and bounded pieces. */
  String normalize(String text) {
    if (isPlain(text)) {
      return text;
    }
    if (text.length() <= PIECE_CHARS) {
      return normalizePiece(text);
    }
    StringBuilder normal = new StringBuilder(text.length());
    for (int from = 0; from < text.length(); ) {
      int to = Math.min(text.length(), from + PIECE_CHARS);
      while (to < text.length() && !startsAnew(text.codePointAt(to))) {
        to++;
      }
      String piece = text.substring(from, to);
      normal.append(isPlain(piece) ? piece : normalizePiece(piece));
      from = to;
    }
    return normal.toString();
  }

  private boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= plainBelow) {
        return false;
      }
    }
    return true;
  }

  private String normalizePiece(String text) {
    int[] ids = bytes.encode(text);
    byte[] utf8 = new byte[ids.length];
    for (int i = 0; i < ids.length; i++) {
      utf8[i] = (byte) ids[i];
    }
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /**
   * Whether a character combines with nothing before it, in any form: it does not decompose into
   * something that begins with a mark or with a Korean vowel or final consonant. Scripts beyond the
   * basic plane have letters that combine, symbols and ideographs there do not.
   */
  static boolean startsAnew(int character) {
    if (character < 0x80) {
      return true;
    }
    int type = Character.getType(character);
    if (character > 0xffff) {
      return type == Character.OTHER_SYMBOL || Character.isIdeographic(character);
    }
    if (type == Character.SURROGATE) {
      return false;
    }
    int first =
        Normalizer.normalize(Character.toString(character), Normalizer.Form.NFKD).codePointAt(0);
    return switch (Character.getType(first)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK ->
          false;
      default -> first < COMBINING_VOWELS_FROM || first > COMBINING_CONSONANTS_TO;
    };
  }

  @Override
  public void close() {
    bytes.close();
  }
}
