package dev.millrace.flink.types;

import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.io.IOException;
import java.util.Locale;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** The bytes of outcomes. */
final class OutcomeSerializer extends ValueSerializer<Outcome> {
  private static final long serialVersionUID = 1;
  private static final int ENRICHED = 0;
  private static final int QUARANTINED = 1;
  private static final int REJECTED = 2;
  private static final int DELETED = 3;

  static final OutcomeSerializer INSTANCE = new OutcomeSerializer();

  @Override
  public Outcome createInstance() {
    return new Outcome.Deleted(false);
  }

  @Override
  void write(Outcome outcome, DataOutputView out) throws IOException {
    switch (outcome) {
      case Outcome.Enriched(var enrichment) -> {
        out.writeByte(ENRICHED);
        EnrichmentFormat.write(enrichment, out);
      }
      case Outcome.Quarantined(var enrichment) -> {
        out.writeByte(QUARANTINED);
        EnrichmentFormat.write(enrichment, out);
      }
      case Outcome.Rejected(RejectReason reason, String message) -> {
        out.writeByte(REJECTED);
        Fields.name(out, reason);
        Fields.text(out, message);
      }
      case Outcome.Deleted(boolean forwarded) -> {
        out.writeByte(DELETED);
        out.writeBoolean(forwarded);
      }
    }
  }

  @Override
  Outcome read(DataInputView in) throws IOException {
    int kind = in.readByte();
    return switch (kind) {
      case ENRICHED -> new Outcome.Enriched(EnrichmentFormat.read(in));
      case QUARANTINED -> new Outcome.Quarantined(EnrichmentFormat.read(in));
      case REJECTED -> {
        RejectReason reason = Fields.name(in, RejectReason.class);
        yield new Outcome.Rejected(reason, Fields.text(in));
      }
      case DELETED -> new Outcome.Deleted(in.readBoolean());
      default ->
          throw new IOException(
              String.format(
                  Locale.ROOT, "cannot read an outcome: expected kind 0 to 3, found %d", kind));
    };
  }

  @Override
  public TypeSerializerSnapshot<Outcome> snapshotConfiguration() {
    return new Snapshot();
  }

  /** Which serializer wrote a state; its name is part of savepoints. */
  public static final class Snapshot extends SimpleTypeSerializerSnapshot<Outcome> {
    /** For Flink. */
    public Snapshot() {
      super(() -> INSTANCE);
    }
  }
}
