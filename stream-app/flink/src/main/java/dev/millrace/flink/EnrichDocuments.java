package dev.millrace.flink;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Outcome;
import dev.millrace.flink.types.EnrichmentTypes;
import dev.millrace.operations.config.Config;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.datastream.AsyncDataStream;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;

/**
 * The enrichment as a step of a job of your own. Each document has one outcome: documents in work
 * are part of each checkpoint, a missed deadline is tried again and ends as a rejection, and only a
 * lost engine fails the job, whose next run opens another.
 *
 * <p>Models are loaded once in a task manager, whatever the parallelism. Timestamps and watermarks
 * pass through. Immutable.
 */
public final class EnrichDocuments {
  /** The deadline of the attempts counts: Flink's timeout would fail the job. */
  private static final long NO_TIMEOUT = 0;

  private final EnrichOptions options;
  private final String uid;
  private final PlanParts.Opener opener;

  private EnrichDocuments(EnrichOptions options, String uid, PlanParts.Opener opener) {
    this.options = options;
    this.uid = uid;
    this.opener = opener;
  }

  /** A step with the uid {@code enrich-documents}. */
  public static EnrichDocuments of(EnrichOptions options) {
    return of(options, PlanParts::open);
  }

  /** With models from elsewhere. */
  static EnrichDocuments of(EnrichOptions options, PlanParts.Opener opener) {
    return new EnrichDocuments(options, "enrich-documents", opener);
  }

  /**
   * The same under another uid, which its state has in savepoints: a job with several such steps
   * must name them.
   */
  public EnrichDocuments withUid(String other) {
    return new EnrichDocuments(options, other, opener);
  }

  /** An outcome for each document. */
  public SingleOutputStreamOperator<Outcome> enrich(DataStream<Document> documents) {
    return enrich(documents, (_, outcome) -> outcome, EnrichmentTypes.OUTCOME);
  }

  /** An outcome for each document, after the document's id: a rejection alone does not tell it. */
  public SingleOutputStreamOperator<Tuple2<String, Outcome>> enrichById(
      DataStream<Document> documents) {
    return enrich(
        documents,
        (document, outcome) -> Tuple2.of(document.id(), outcome),
        Types.TUPLE(Types.STRING, EnrichmentTypes.OUTCOME));
  }

  private <T> SingleOutputStreamOperator<T> enrich(
      DataStream<Document> documents, DocumentFunction.Shape<T> shape, TypeInformation<T> type) {
    Config config = options.parse();
    int capacity = EnrichOptions.capacity(config);
    DocumentFunction<T> function = new DocumentFunction<>(options, opener, shape);
    // They are kept in checkpoints by the serializer of their own type.
    DataStream<Document> typed = EnrichmentTypes.requireDocuments(documents);
    return (!FlinkSpec.keepsOrder(config)
            ? AsyncDataStream.unorderedWait(
                typed, function, NO_TIMEOUT, TimeUnit.MILLISECONDS, capacity)
            : AsyncDataStream.orderedWait(
                typed, function, NO_TIMEOUT, TimeUnit.MILLISECONDS, capacity))
        .returns(type)
        .name(uid)
        .uid(uid);
  }
}
