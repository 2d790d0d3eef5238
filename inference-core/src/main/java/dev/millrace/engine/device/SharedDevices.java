package dev.millrace.engine.device;

import dev.millrace.engine.DeviceLease;
import dev.millrace.engine.DeviceOptions;
import dev.millrace.engine.EngineException;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.TenantOptions;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.metrics.EngineMetrics;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * The devices of this process that are leased, each with its models and the number of their users.
 * Thread-safe: opening and closing exclude each other.
 */
final class SharedDevices {

  /** Of this process. */
  static final SharedDevices PROCESS = new SharedDevices();

  private final Map<Key, Shared> open = new LinkedHashMap<>();

  /** What makes two devices the same. */
  private record Key(String backend, int threads) {}

  /** A device and its models by name. */
  static final class Shared {
    private final Key key;
    private final Map<String, Held> models = new LinkedHashMap<>();

    private Shared(Key key) {
      this.key = key;
    }

    synchronized boolean isEngineThread() {
      return models.values().stream().anyMatch(held -> held.engine().thread().isCurrent());
    }

    private synchronized void put(Held held) {
      models.put(held.options().name(), held);
    }

    private synchronized void remove(Held held) {
      models.remove(held.options().name());
    }

    private synchronized List<Held> models() {
      return List.copyOf(models.values());
    }
  }

  /** A model and who uses it. */
  static final class Held {
    private final TenantOptions options;
    private final DeviceEngine engine;
    private final SharedMetrics metrics;
    private int users;

    private Held(TenantOptions options, DeviceEngine engine, SharedMetrics metrics) {
      this.options = options;
      this.engine = engine;
      this.metrics = metrics;
    }

    TenantOptions options() {
      return options;
    }

    DeviceEngine engine() {
      return engine;
    }
  }

  /** What {@link EngineFactory#lease} says. */
  synchronized DeviceLease lease(
      DeviceOptions device, List<TenantOptions> models, EngineMetrics metrics) {
    refuseUnnamed(models);
    List<Architecture> architectures =
        models.stream().map(model -> ModelConfig.read(model.directory()).architecture()).toList();
    BackendChoice choice = Devices.choose(architectures, device.backend());
    Key key = new Key(choice.provider().name(), device.threads());
    Shared shared = open.getOrDefault(key, new Shared(key));
    load(shared, missing(shared, models), choice);
    open.put(key, shared);
    List<Held> held = new ArrayList<>();
    for (TenantOptions model : models) {
      Held one = named(shared, model.name());
      one.users++;
      one.metrics.add(metrics);
      held.add(one);
    }
    return new SharedLease(this, shared, held, metrics);
  }

  private static void refuseUnnamed(List<TenantOptions> models) {
    List<String> names = models.stream().map(TenantOptions::name).toList();
    if (names.isEmpty() || new TreeSet<>(names).size() < names.size()) {
      throw new EngineException(
          "a device has one or more models, each with a name of its own; got " + names);
    }
  }

  /** Models that are not on the device yet. */
  private static List<TenantOptions> missing(Shared shared, List<TenantOptions> models) {
    List<TenantOptions> missing = new ArrayList<>();
    for (TenantOptions model : models) {
      Held there =
          shared.models().stream()
              .filter(held -> held.options().name().equals(model.name()))
              .findFirst()
              .orElse(null);
      if (there == null || !there.engine().isRunning()) {
        missing.add(model);
      } else if (!there.options().equals(model)) {
        throw new EngineException(
            "model %s is in use in this process with other options: %s, asked for %s; give it another"
                    .formatted(model.name(), there.options(), model)
                + " name, or the same options");
      }
    }
    return missing;
  }

  private static void load(Shared shared, List<TenantOptions> models, BackendChoice choice) {
    if (models.isEmpty()) {
      return;
    }
    List<SharedMetrics> metrics = models.stream().map(_ -> new SharedMetrics()).toList();
    List<Tenant> tenants = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      TenantOptions model = models.get(i);
      tenants.add(
          new Tenant(
              model.name(),
              model.engine(),
              model.memoryShare(),
              model.turnShare(),
              metrics.get(i),
              device -> CheckpointOpening.directory(model.directory(), device, model.engine())));
    }
    List<DeviceEngine> engines = engines(shared, tenants, choice);
    for (int i = 0; i < models.size(); i++) {
      shared.put(new Held(models.get(i), engines.get(i), metrics.get(i)));
    }
  }

  /** On the thread that is there, if any. */
  private static List<DeviceEngine> engines(
      Shared shared, List<Tenant> tenants, BackendChoice choice) {
    for (Held held : shared.models()) {
      if (held.engine().isRunning()) {
        List<DeviceEngine> engines = held.engine().thread().add(tenants, System::nanoTime);
        engines.forEach(Devices::announce);
        return engines;
      }
    }
    return Devices.start(choice, shared.key.threads(), tenants);
  }

  private static Held named(Shared shared, String name) {
    return shared.models().stream()
        .filter(held -> held.options().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** Gives models back; the last user of a model closes it, the last of all closes the device. */
  synchronized void release(Shared shared, List<Held> models, EngineMetrics metrics) {
    for (Held held : models) {
      held.metrics.remove(metrics);
      if (--held.users == 0) {
        held.engine().close();
        if (shared.models().contains(held)) {
          shared.remove(held);
        }
      }
    }
    if (shared.models().isEmpty()) {
      open.remove(shared.key, shared);
    }
  }
}
