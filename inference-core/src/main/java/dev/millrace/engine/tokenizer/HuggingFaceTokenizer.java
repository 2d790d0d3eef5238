package dev.millrace.engine.tokenizer;

import dev.millrace.engine.gguf.GgufFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face {@code tokenizer.json} with a byte-level vocabulary. Added tokens are found by
 * code of our own, in raw text, then in normalised text; the text between them goes to DJL's native
 * library, which is given no added tokens at all: it has no switch for leaving special tokens text.
 * Decoding is our own, too: bytes of tokens, then UTF-8, so that streaming and whole decoding
 * agree.
 *
 * <p>The ids are those of the tokenizers library for the whole text, with {@code
 * encode_special_tokens} for {@link #encode} and without for {@link #encodeWithSpecialTokens}, and
 * memory stays bounded: {@link PieceEncoder}.
 */
public final class HuggingFaceTokenizer implements Tokenizer {

  private final PieceEncoder pieces;
  private final NativeTokenizer library;
  private final AddedTokenSplitter raw;
  private final AddedTokenSplitter normal;
  private final @Nullable UnicodeNormalizer normalizer;
  private final Map<String, Integer> special;
  private final Map<Integer, byte[]> bytes;
  private final int vocabulary;

  private HuggingFaceTokenizer(TokenizerFile file, @Nullable UnicodeNormalizer form) {
    AddedVocabulary added = file.added();
    UnaryOperator<String> normalize = form == null ? UnaryOperator.identity() : form::normalize;
    this.raw = new AddedTokenSplitter(file.file(), added, false, normalize);
    this.normal = new AddedTokenSplitter(file.file(), added, true, normalize);
    this.normalizer = normal.isEmpty() ? null : form;
    this.library = new NativeTokenizer(file.file(), file.json(normalizer == null));
    this.pieces = new PieceEncoder(library);
    Map<String, Integer> control = added.specialIds();
    control.keySet().removeAll(file.ordinary());
    this.special = Map.copyOf(control);
    Map<Integer, byte[]> byId = new HashMap<>();
    file.tokens().forEach((id, stored) -> byId.put(id, ByteLevel.bytes(stored)));
    added
        .ids()
        .forEach((content, id) -> {
          if (!content.equals(file.tokens().get(id))) {
            byId.put(id, content.getBytes(StandardCharsets.UTF_8));
          }
        });
    this.vocabulary = byId.keySet().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
    byId.keySet().removeAll(special.values());
    this.bytes = Map.copyOf(byId);
    requireRoundTrip(file);
  }

  private void requireRoundTrip(TokenizerFile file) {
    RoundTrip.fault(
            file.normalizer(),
            file.spaceBefore(),
            file.leaves(),
            text -> {
              IdList ids = new IdList();
              pieces.encode(text, ids);
              return decode(ids.toArray());
            })
        .ifPresent(fault -> {
          library.close();
          throw new TokenizerException(
              file.file(), "it loses or changes some text: " + fault + " when its ids are decoded");
        });
  }

  /**
   * Loads {@code tokenizer.json} of a model directory, or the vocabulary in a GGUF file.
   *
   * @throws TokenizerException if it is missing, malformed or of an unsupported kind, or if text
   *     could become a control token or would not come back from its ids
   * @throws dev.millrace.engine.gguf.GgufException likewise, about a GGUF file
   */
  public static HuggingFaceTokenizer open(Path path) {
    TokenizerFile file = GgufFile.isNamed(path) ? gguf(path) : json(path);
    boolean normalized = file.added().tokens().values().stream().anyMatch(AddedToken::normalized);
    if (!normalized || file.normalizer().isEmpty()) {
      return new HuggingFaceTokenizer(file, null);
    }
    UnicodeNormalizer form = new UnicodeNormalizer(file.file(), file.normalizer());
    try {
      return new HuggingFaceTokenizer(file, form);
    } catch (RuntimeException | Error e) {
      form.close();
      throw e;
    }
  }

  private static TokenizerFile json(Path directory) {
    Path json = directory.resolve("tokenizer.json");
    return TokenizerFile.read(json, SpecialNames.read(directory).tokens().values());
  }

  private static TokenizerFile gguf(Path path) {
    GgufTokenizer tokenizer = GgufTokenizer.read(path);
    return TokenizerFile.read(path, tokenizer.json(), tokenizer.tokens().values());
  }

  @Override
  public int[] encode(String text) {
    return encode(withoutLoneSurrogates(text), true);
  }

  @Override
  public int[] encodeWithSpecialTokens(String prompt) {
    return encode(withoutLoneSurrogates(prompt), false);
  }

  private int[] encode(String text, boolean asText) {
    IdList ids = new IdList();
    raw.split(
        text,
        asText,
        new AddedTokenSplitter.Parts() {
          @Override
          public void text(int from, int to) {
            encodeNormal(text.substring(from, to), asText, ids);
          }

          @Override
          public void token(int id) {
            ids.add(id);
          }
        });
    return ids.toArray();
  }

  private void encodeNormal(String text, boolean asText, IdList ids) {
    String form = normalizer == null ? text : normalizer.normalize(text);
    normal.split(
        form,
        asText,
        new AddedTokenSplitter.Parts() {
          @Override
          public void text(int from, int to) {
            pieces.encode(form.substring(from, to), ids);
          }

          @Override
          public void token(int id) {
            ids.add(id);
          }
        });
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
    library.close();
    if (normalizer != null) {
      normalizer.close();
    }
  }
}
