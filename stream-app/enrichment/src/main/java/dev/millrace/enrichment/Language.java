package dev.millrace.enrichment;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Language tags, as far as a plan cares: the primary subtag. */
final class Language {
  private static final Pattern TAG = Pattern.compile("[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*");

  private Language() {}

  /**
   * The primary subtag of a tag, in lower case: {@code pt} of {@code pt-BR}. Empty if it is no tag,
   * or the tag for "undetermined".
   */
  static Optional<String> of(String tag) {
    if (!TAG.matcher(tag).matches()) {
      return Optional.empty();
    }
    String primary = tag.split("[-_]", 2)[0].toLowerCase(Locale.ROOT);
    return primary.equals("und") ? Optional.empty() : Optional.of(primary);
  }
}
