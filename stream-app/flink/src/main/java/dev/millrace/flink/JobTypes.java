package dev.millrace.flink;

import dev.millrace.flink.types.RecordType;
import dev.millrace.records.SourceRecord;

/** What flows through the job. */
final class JobTypes {
  /** Documents as they came. */
  static final RecordType<SourceRecord> SOURCE =
      new RecordType<>(SourceRecord.class, SourceRecordSerializer.INSTANCE);

  /** Outcomes as records. */
  static final RecordType<EncodedOutcome> OUTCOME =
      new RecordType<>(EncodedOutcome.class, EncodedOutcomeSerializer.INSTANCE);

  private JobTypes() {}
}
