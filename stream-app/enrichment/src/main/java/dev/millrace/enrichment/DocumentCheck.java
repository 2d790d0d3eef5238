package dev.millrace.enrichment;

import dev.millrace.enrichment.Outcome.Rejected;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** Whether a document can be enriched at all, and the digest of its text. Stateless. */
final class DocumentCheck {
  private static final int BUFFER_BYTES = 8192;

  private DocumentCheck() {}

  /** What is wrong with a document, if anything. Control characters are text like any other. */
  static Optional<Rejected> fault(Document document) {
    if (document.id().isBlank()) {
      return reject(RejectReason.INVALID_DOCUMENT, "the document has no id");
    }
    if (!hasContent(document.text())) {
      return reject(
          RejectReason.INVALID_DOCUMENT,
          String.format(
              Locale.ROOT,
              "the text has %d characters, none of which can be read: send a text",
              document.text().length()));
    }
    return Optional.empty();
  }

  /** SHA-256 of the text's UTF-8 bytes, hexadecimal. A document's text has no half pairs. */
  static String sha256(String text) {
    MessageDigest sha;
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    CharsetEncoder encoder =
        StandardCharsets.UTF_8.newEncoder().onMalformedInput(CodingErrorAction.REPORT);
    CharBuffer characters = CharBuffer.wrap(text);
    ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES);
    CoderResult result;
    do {
      result = encoder.encode(characters, bytes, true);
      sha.update(bytes.flip());
      bytes.clear();
    } while (result.isOverflow());
    if (result.isError()) {
      throw new IllegalArgumentException("the text is no Unicode");
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private static boolean hasContent(String text) {
    return text.codePoints().anyMatch(DocumentCheck::readable);
  }

  private static boolean readable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SPACE_SEPARATOR,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private static Optional<Rejected> reject(RejectReason reason, String message) {
    return Optional.of(new Rejected(reason, message));
  }
}
