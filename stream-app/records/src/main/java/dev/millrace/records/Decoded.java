package dev.millrace.records;

import dev.millrace.enrichment.Deferral;
import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.RejectReason;
import java.util.Optional;
import java.util.function.Supplier;

/** What the bytes of a record turned out to be. */
public sealed interface Decoded {

  /** A document. */
  record Success(Document document) implements Decoded {}

  /** A record that says that its document is deleted. */
  record Deletion() implements Decoded {}

  /** Not a document, now or later; the message never holds the bytes. */
  record Invalid(RejectReason reason, String message) implements Decoded {}

  /** Not known yet: something else stands in the way. */
  record Deferred(Deferral deferral) implements Decoded {}

  /** The registry answers that it does not know the schema, which may change shortly. */
  static Decoded unknownSchema(String message) {
    return new Deferred(new Deferral(Deferral.Cause.UNKNOWN_SCHEMA, message));
  }

  /** The registry does not answer. */
  static Decoded unavailable(String message) {
    return new Deferred(new Deferral(Deferral.Cause.REGISTRY_UNAVAILABLE, message));
  }

  /** What reading a document gives: the document, or what is wrong with it. */
  static Decoded of(Supplier<Document> reading) {
    return ofMaybe(() -> Optional.of(reading.get()));
  }

  /** Likewise, where nothing stands for a document that is deleted. */
  static Decoded ofMaybe(Supplier<Optional<Document>> reading) {
    try {
      return reading.get().<Decoded>map(Success::new).orElseGet(Deletion::new);
    } catch (DocumentException e) {
      return new Invalid(e.reason(), String.valueOf(e.getMessage()));
    }
  }
}
