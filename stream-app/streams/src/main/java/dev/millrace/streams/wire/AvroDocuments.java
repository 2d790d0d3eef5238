package dev.millrace.streams.wire;

import dev.millrace.enrichment.Document;
import dev.millrace.schema.WireSerializer;
import java.time.Instant;
import java.util.List;

/** Documents as values of the input topic. Thread-safe. */
public final class AvroDocuments {

  private final WireSerializer<dev.millrace.schema.avro.Document> wire;

  /**
   * A writer.
   *
   * @param schemaId the registry's id of the document schema
   */
  public AvroDocuments(int schemaId) {
    this.wire = new WireSerializer<>(schemaId, dev.millrace.schema.avro.Document.class);
  }

  /** The bytes of a document. */
  public byte[] encode(Document document) {
    return wire.serialize(
        dev.millrace.schema.avro.Document.newBuilder()
            .setId(document.id())
            .setText(document.text())
            .setLanguage(EnrichmentRecords.orNull(document.language()))
            .setTitle(EnrichmentRecords.orNull(document.title()))
            .setSource(EnrichmentRecords.orNull(document.source()))
            .setTenant(EnrichmentRecords.orNull(document.tenant()))
            .setAttributes(document.attributes())
            .setImages(List.of())
            .setCreatedAt(document.createdAt().equals(Instant.EPOCH) ? null : document.createdAt())
            .build());
  }
}
