package dev.millrace.flink.types;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Outcome;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * Types of streams: name them where a stream begins, e.g. {@code
 * fromSource(...).returns(EnrichmentTypes.DOCUMENT)}, for Flink would take Kryo.
 */
public final class EnrichmentTypes {
  /** Documents. */
  public static final TypeInformation<Document> DOCUMENT =
      new RecordType<>(Document.class, DocumentSerializer.INSTANCE);

  /** What became of them. */
  public static final TypeInformation<Outcome> OUTCOME =
      new RecordType<>(Outcome.class, OutcomeSerializer.INSTANCE);

  private EnrichmentTypes() {}

  /**
   * The same stream.
   *
   * @throws IllegalArgumentException if Flink would write its documents in another way
   */
  public static DataStream<Document> requireDocuments(DataStream<Document> documents) {
    if (!documents.getType().equals(DOCUMENT)) {
      throw new IllegalArgumentException(
          "the stream of documents has type %s, expected EnrichmentTypes.DOCUMENT: add .returns(%s)"
                  .formatted(documents.getType(), "EnrichmentTypes.DOCUMENT")
              + " to the step that makes it");
    }
    return documents;
  }
}
