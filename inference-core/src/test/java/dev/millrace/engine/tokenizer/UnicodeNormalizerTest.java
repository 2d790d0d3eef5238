package dev.millrace.engine.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.text.Normalizer;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Java's normal forms stand beside the library's for characters that both know for long. */
final class UnicodeNormalizerTest {

  /** The ideographs behind this one have no other forms. */
  private static final int LAST_WITH_FORMS = 0x2fa20;

  private static final int[] CHARACTERS =
      ("a1 \n<>\u00c0\u00e9\u00bd\u00b5\u0130\u0301\u0308\u0323\u0345\u0390"
              + "\u03a9\u212b\u2126\u0915\u0937\u094d\u093f\u09c7\u09be\u0e33\u0f71\u0f73"
              + "\u1100\u1161\u11a8\uac00\uac01\u3131\u314f\u304b\u3099\u30cf\uff8a\uff9e"
              + "\uff9f\uffa1\uffc2\u2460\ufb01\ufdfa\u1e9b\u2028\ufeff\ud83e\udd99\ud835"
              + "\udd38\ud834\udd5e\ud804\udc99\ud804\udcba\ud87e\udc1a")
          .codePoints()
          .toArray();

  @ParameterizedTest
  @EnumSource(Normalizer.Form.class)
  void shouldNormaliseInPiecesAsInOne(Normalizer.Form form) {
    long seed = Long.getLong("millrace.seed", System.currentTimeMillis());
    SplittableRandom random = new SplittableRandom(seed);
    try (UnicodeNormalizer normalizer = new UnicodeNormalizer(Path.of("test"), form.name())) {
      assertThat(normalizer.normalize("")).isEmpty();
      for (int length : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1_000, 120_000}) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
          text.appendCodePoint(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        assertThat(normalizer.normalize(text.toString()))
            .as("seed=%d length=%d", seed, length)
            .isEqualTo(Normalizer.normalize(text, form));
      }
    }
  }

  /** No character that may begin a piece changes with what stands before it. */
  @ParameterizedTest
  @EnumSource(Normalizer.Form.class)
  void shouldBeginPiecesWhereNothingCombines(Normalizer.Form form) {
    int[] before =
        "a<\u00e9\u0301\u0915\u09c7\u0f71\u1100\uac00\u304b\uff8a".codePoints().toArray();
    for (int character = 0; character < LAST_WITH_FORMS; character++) {
      if (!UnicodeNormalizer.startsAnew(character)) {
        continue;
      }
      String alone = Normalizer.normalize(Character.toString(character), form);
      for (int first : before) {
        String both = Character.toString(first) + Character.toString(character);
        String apart = Normalizer.normalize(Character.toString(first), form) + alone;
        if (!Normalizer.normalize(both, form).equals(apart)) {
          fail("U+%X behind U+%X", character, first);
        }
      }
    }
  }
}
