package dev.millrace.flink;

import dev.millrace.enrichment.Enricher;
import dev.millrace.operations.PlanEnricher;
import dev.millrace.operations.config.Config;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.Serializable;

/** What operators of own jobs share on a task manager: the models and the enricher of one plan. */
interface PlanParts extends SharedParts.Resource {

  /** Asks the models. */
  Enricher enricher();

  /** Opens them, on a task manager. */
  interface Opener extends Serializable {
    /** Loads the models and opens what stands on them. */
    PlanParts open(Config config);
  }

  /** Those that the configuration names. */
  static PlanParts open(Config config) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    PlanEnricher plan = PlanEnricher.open(config, FlinkMain.build(), meters);
    return new PlanParts() {
      @Override
      public Enricher enricher() {
        return plan.enricher();
      }

      @Override
      public void close() {
        plan.close();
        meters.close();
      }
    };
  }
}
