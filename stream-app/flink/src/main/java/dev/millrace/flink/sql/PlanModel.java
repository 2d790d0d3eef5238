package dev.millrace.flink.sql;

import dev.millrace.flink.EnrichOptions;
import java.time.Duration;
import java.util.List;
import org.apache.flink.table.api.config.MLPredictRuntimeConfigOptions;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;

/**
 * A model of SQL: a plan and the models that it asks.
 *
 * @param options say which
 * @param input where a document's fields stand
 * @param output what is told of its outcome
 * @param timeout after which Flink fails the job, unless the query says another
 */
record PlanModel(
    EnrichOptions options, InputColumns input, List<OutputColumn> output, Duration timeout)
    implements AsyncPredictRuntimeProvider {

  @Override
  public AsyncPredictFunction createAsyncPredictFunction(Context context) {
    Duration asked =
        context
            .runtimeConfig()
            .getOptional(MLPredictRuntimeConfigOptions.ASYNC_TIMEOUT)
            .orElse(timeout);
    return new PlanFunction(options, input, output, asked);
  }

  @Override
  public ModelProvider copy() {
    return this;
  }
}
