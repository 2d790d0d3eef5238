package dev.millrace.flink.sql;

import dev.millrace.flink.EnrichOptions;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.config.ExecutionConfigOptions;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.factories.ModelProviderFactory;
import org.apache.flink.table.ml.ModelProvider;

/**
 * Makes models with {@code 'provider' = 'millrace'}. Their other options are those of {@link
 * EnrichOptions}; {@code plan} stands for {@code model.plan}.
 */
public final class MillraceModelFactory implements ModelProviderFactory {
  private static final ConfigOption<String> MODEL_DIR =
      ConfigOptions.key("model.dir").stringType().noDefaultValue();
  private static final ConfigOption<String> PLAN =
      ConfigOptions.key("plan").stringType().noDefaultValue();

  @Override
  public String factoryIdentifier() {
    return "millrace";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(MODEL_DIR);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(PLAN);
  }

  @Override
  public ModelProvider createModelProvider(Context context) {
    ResolvedCatalogModel model = context.getCatalogModel();
    try {
      return new PlanModel(
          options(model.getOptions()),
          InputColumns.of(model.getResolvedInputSchema()),
          OutputColumn.of(model.getResolvedOutputSchema()),
          context
              .getConfiguration()
              .get(ExecutionConfigOptions.TABLE_EXEC_ASYNC_ML_PREDICT_TIMEOUT));
    } catch (RuntimeException e) {
      throw new ValidationException(
          "cannot use model %s: %s"
              .formatted(context.getObjectIdentifier().asSummaryString(), e.getMessage()),
          e);
    }
  }

  private static EnrichOptions options(Map<String, String> written) {
    TreeMap<String, String> settings = new TreeMap<>(written);
    settings.remove(FactoryUtil.PROVIDER.key());
    String plan = settings.remove(PLAN.key());
    if (plan != null) {
      settings.put("model.plan", plan);
    }
    return EnrichOptions.of(settings);
  }
}
