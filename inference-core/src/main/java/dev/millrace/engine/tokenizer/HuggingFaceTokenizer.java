package dev.millrace.engine.tokenizer;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A Hugging Face {@code tokenizer.json} with a byte-level vocabulary, run by DJL's native library.
 * Decoding is our own: bytes of tokens, then UTF-8, so that streaming and whole decoding agree.
 *
 * <p>A text longer than {@value #PIECE_CHARS} characters is encoded in pieces, cut after a line
 * break where there is one in reach, so that memory stays bounded. At such a cut no token of the
 * Llama families is lost; a text without line breaks may differ by one token at the cut.
 */
public final class HuggingFaceTokenizer implements Tokenizer {

  static final int PIECE_CHARS = 100_000;

  private final NativeTokenizer plain;
  private final NativeTokenizer withSpecial;
  private final Map<String, Integer> special;
  private final Map<Integer, byte[]> bytes;
  private final int vocabulary;

  private HuggingFaceTokenizer(
      TokenizerFile file, NativeTokenizer plain, NativeTokenizer withSpecial) {
    this.plain = plain;
    this.withSpecial = withSpecial;
    this.special = file.special();
    Set<Integer> specialIds = file.specialIds();
    Map<Integer, byte[]> byId = new HashMap<>();
    int idMax = -1;
    for (var token : file.tokens().entrySet()) {
      idMax = Math.max(idMax, token.getKey());
      if (!specialIds.contains(token.getKey())) {
        byId.put(token.getKey(), ByteLevel.bytes(token.getValue()));
      }
    }
    this.bytes = Map.copyOf(byId);
    this.vocabulary = idMax + 1;
  }

  /**
   * Loads {@code tokenizer.json} of a model directory.
   *
   * @throws TokenizerException if it is missing, malformed or of an unsupported kind
   */
  public static HuggingFaceTokenizer open(Path directory) {
    TokenizerFile file = TokenizerFile.read(directory.resolve("tokenizer.json"));
    NativeTokenizer plain = new NativeTokenizer(file.file(), file.plain());
    NativeTokenizer withSpecial = null;
    try {
      withSpecial = new NativeTokenizer(file.file(), file.withSpecial());
      requireSeparation(file, plain, withSpecial);
      return new HuggingFaceTokenizer(file, plain, withSpecial);
    } catch (RuntimeException | Error e) {
      plain.close();
      if (withSpecial != null) {
        withSpecial.close();
      }
      throw e;
    }
  }

  /**
   * Text must have no way to a special token, and a template must have one; proved here for each of
   * them.
   */
  private static void requireSeparation(
      TokenizerFile file, NativeTokenizer plain, NativeTokenizer withSpecial) {
    Set<Integer> ids = file.specialIds();
    for (var token : file.special().entrySet()) {
      if (Arrays.stream(plain.encode(token.getKey())).anyMatch(ids::contains)) {
        throw new TokenizerException(
            file.file(),
            "text that spells %s would become that special token".formatted(token.getKey()));
      }
      int[] found = withSpecial.encode(token.getKey());
      if (!Arrays.equals(found, new int[] {token.getValue()})) {
        throw new TokenizerException(
            file.file(),
            String.format(
                Locale.ROOT,
                "special token %s has id %d, but is encoded as %s",
                token.getKey(),
                token.getValue(),
                Arrays.toString(found)));
      }
    }
  }

  @Override
  public int[] encode(String text) {
    String sound = withoutLoneSurrogates(text);
    if (sound.length() <= PIECE_CHARS) {
      return plain.encode(sound);
    }
    List<int[]> pieces = new ArrayList<>();
    for (int from = 0; from < sound.length(); ) {
      int to = cut(sound, from);
      pieces.add(plain.encode(sound.substring(from, to)));
      from = to;
    }
    return concatenate(pieces);
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    return withSpecial.encode(withoutLoneSurrogates(prompt));
  }

  /** End of the piece that begins at {@code from}: after the last line break before a letter. */
  private static int cut(String text, int from) {
    int limit = from + PIECE_CHARS;
    if (limit >= text.length()) {
      return text.length();
    }
    for (int to = limit; to > from + PIECE_CHARS / 2; to--) {
      if (text.charAt(to - 1) == '\n' && Character.isLetter(text.charAt(to))) {
        return to;
      }
    }
    return Character.isLowSurrogate(text.charAt(limit)) ? limit - 1 : limit;
  }

  /** Lone surrogates are no characters: each becomes U+FFFD. */
  private static String withoutLoneSurrogates(String text) {
    int i = 0;
    while (i < text.length() && !Character.isSurrogate(text.charAt(i))) {
      i++;
    }
    if (i == text.length()) {
      return text;
    }
    StringBuilder sound = new StringBuilder(text.length()).append(text, 0, i);
    while (i < text.length()) {
      int codePoint = text.codePointAt(i);
      boolean lone = codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
      sound.appendCodePoint(lone ? 0xfffd : codePoint);
      i += Character.charCount(codePoint);
    }
    return sound.toString();
  }

  private static int[] concatenate(List<int[]> pieces) {
    int[] all = new int[pieces.stream().mapToInt(piece -> piece.length).sum()];
    int at = 0;
    for (int[] piece : pieces) {
      System.arraycopy(piece, 0, all, at, piece.length);
      at += piece.length;
    }
    return all;
  }

  @Override
  public String decode(int[] tokens) {
    StreamDecoder decoder = streamDecoder();
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append(decoder.next(token));
    }
    return text.append(decoder.finish()).toString();
  }

  @Override
  public OptionalInt specialToken(String text) {
    Integer id = special.get(text);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  @Override
  public int vocabulary() {
    return vocabulary;
  }

  @Override
  public StreamDecoder streamDecoder() {
    return new Utf8Decoder(bytes);
  }

  @Override
  public void close() {
    plain.close();
    withSpecial.close();
  }
}
