package dev.millrace.streams.processor;

import dev.millrace.records.OutcomeEncoder;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.TimestampLimits;
import dev.millrace.streams.ends.ProcessEnds;
import java.util.function.LongSupplier;

/**
 * What all stream tasks of a process share. Thread-safe, borrowed: the application closes them
 * after the streams.
 *
 * @param submitter hands documents to the enricher
 * @param encoder makes output records
 * @param timestamps what consumed records are given as timestamps
 * @param intake what may be taken from the input
 * @param limits the timestamps that changelog and output topics take
 * @param sizes the largest records that changelog and output topics take
 * @param permits global limit of what is in flight
 * @param gate whether submissions are open
 * @param monitor hears what happens
 * @param nanoClock monotonic time
 * @param plan fingerprint of the plans and models that documents of the input may get
 * @param ends this process, and how those before it ended
 */
public record EnrichmentServices(
    Submitter submitter,
    OutcomeEncoder encoder,
    SourceTimestamps timestamps,
    Intake intake,
    TimestampLimits limits,
    RecordSizes sizes,
    Permits permits,
    SubmissionGate gate,
    ProcessorMonitor monitor,
    LongSupplier nanoClock,
    long plan,
    ProcessEnds ends) {}
