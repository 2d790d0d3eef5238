package dev.millrace.flink.sql;

import dev.millrace.enrichment.DocumentException;
import dev.millrace.enrichment.Outcome;
import dev.millrace.flink.EnrichOptions;
import dev.millrace.flink.SharedEnricher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.FunctionContext;
import org.jspecify.annotations.Nullable;

/** Enriches rows: one row for each. Public because the code that Flink generates names it. */
public final class PlanFunction extends AsyncPredictFunction {
  private static final long serialVersionUID = 1;

  /** Flink's timeout fails the job; a document is rejected before, when this share has passed. */
  private static final int PERCENT_OF_TIMEOUT = 80;

  private final EnrichOptions options;
  private final InputColumns input;
  private final ArrayList<OutputColumn> output;
  private final Duration timeout;
  private transient @Nullable SharedEnricher enricher;

  PlanFunction(
      EnrichOptions options, InputColumns input, List<OutputColumn> output, Duration timeout) {
    this.options = options;
    this.input = input;
    this.output = new ArrayList<>(output);
    this.timeout = timeout;
  }

  @Override
  public void open(FunctionContext context) {
    enricher =
        SharedEnricher.open(options, timeout.multipliedBy(PERCENT_OF_TIMEOUT).dividedBy(100));
  }

  @Override
  public CompletableFuture<Collection<RowData>> asyncPredict(RowData row) {
    SharedEnricher open = enricher;
    if (open == null) {
      throw new IllegalStateException("the function is used outside open() and close()");
    }
    CompletableFuture<Outcome> outcome;
    try {
      outcome = open.enrich(input.document(row));
    } catch (DocumentException e) {
      outcome = CompletableFuture.completedFuture(e.rejected());
    }
    return outcome.thenApply(this::rows);
  }

  private Collection<RowData> rows(Outcome outcome) {
    return List.of(
        GenericRowData.of(output.stream().map(column -> column.value(outcome)).toArray()));
  }

  @Override
  public void close() {
    SharedEnricher closing = enricher;
    enricher = null;
    if (closing != null) {
      closing.close();
    }
  }
}
