package dev.millrace.faults;

import dev.millrace.enrichment.Enricher;
import dev.millrace.operations.EnrichmentParts;
import dev.millrace.operations.EnrichmentParts.InputParts;
import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.DocumentFormat;
import dev.millrace.operations.config.InputKeys;
import dev.millrace.operations.config.ModelKeys;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.PlanFingerprint;
import dev.millrace.records.TextDecoder;
import dev.millrace.streams.StreamApplication;
import dev.millrace.streams.config.ApplicationSpec;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * The process that a test or a measurement kills: the real application with a scripted enricher.
 *
 * <p>Arguments: FILE delayMinMillis delayMaxMillis seed.
 */
public final class ScriptedNode {

  private ScriptedNode() {}

  /** Runs until a signal comes; ends with 0 if it stopped in good order. */
  public static void main(String[] arguments) throws InterruptedException {
    Config config = ConfigReader.read(ApplicationSpec.SPEC, Path.of(arguments[0]), Map.of());
    boolean good =
        run(
            config,
            Duration.ofMillis(Long.parseLong(arguments[1])),
            Duration.ofMillis(Long.parseLong(arguments[2])),
            Long.parseLong(arguments[3]));
    // Not exit: at a signal the JVM is in it already, and waits for the hook that waits for us.
    Runtime.getRuntime().halt(good ? 0 : 1);
  }

  private static boolean run(Config config, Duration delayMin, Duration delayMax, long seed)
      throws InterruptedException {
    Map<String, Enricher> plans = new TreeMap<>();
    plans.put("", new ScriptedEnricher(delayMin, delayMax, seed));
    for (String name : config.map(InputKeys.PLANS).keySet()) {
      plans.put(name, new ScriptedEnricher(delayMin, delayMax, seed, name));
    }
    try (StreamApplication application =
        new StreamApplication(
            config,
            input ->
                new InputParts(
                    input.format() == DocumentFormat.JSON ? new JsonDecoder() : new TextDecoder(),
                    new SummaryEncoder(),
                    EnrichmentParts.choice(input, plans),
                    PlanFingerprint.of(Map.of("plan", config.get(ModelKeys.PLAN)))),
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
      Thread main = Thread.currentThread();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(application, main), "stop"));
      application.start();
      return application.awaitEnd();
    } finally {
      plans.values().forEach(Enricher::close);
    }
  }

  private static void stop(StreamApplication application, Thread main) {
    application.stop();
    try {
      main.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
