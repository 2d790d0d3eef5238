package dev.millrace.cli;

import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.metrics.EngineMetrics;
import java.nio.file.Path;
import java.util.List;

/** Opens models. A seam for tests. */
@FunctionalInterface
public interface EngineOpener {

  /** Loads a model's directory; the caller closes the engine. */
  InferenceEngine open(Path directory, EngineOptions options);

  /** Loads several models into one device; the caller closes the lease. */
  default DeviceLease lease(DeviceOptions device, List<TenantOptions> models) {
    return EngineFactory.lease(device, models, EngineMetrics.NONE);
  }
}
