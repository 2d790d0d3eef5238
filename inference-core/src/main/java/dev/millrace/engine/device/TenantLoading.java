package dev.millrace.engine.device;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads models that are to share a device: all are counted before the first one is loaded, and
 * memory for keys and values is divided when all are. Used by the engine thread.
 */
final class TenantLoading {
  private static final Logger LOG = LoggerFactory.getLogger(TenantLoading.class);

  private final List<Tenant> tenants;
  private final List<ModelOpening> openings = new ArrayList<>();
  private final LoadedModel[] models;
  private final long workToCome;

  private TenantLoading(List<Tenant> tenants, long workToCome) {
    this.tenants = tenants;
    this.workToCome = workToCome;
    models = new LoadedModel[tenants.size()];
  }

  /**
   * Loads all of them, or none.
   *
   * @param workToCome bytes that the first steps of models already on the device will take
   * @return the models, in the tenants' order
   * @throws EngineException naming the model that cannot be loaded
   */
  static List<LoadedModel> load(List<Tenant> tenants, ComputeDevice device, long workToCome) {
    TenantLoading loading = new TenantLoading(tenants, workToCome);
    try {
      for (Tenant tenant : tenants) {
        loading.openings.add(tenant.opener().open(device));
      }
      loading.loadWeights();
      loading.allocateKeysAndValues();
      return List.of(loading.models);
    } catch (RuntimeException | Error e) {
      loading.giveUp(e);
      throw e;
    }
  }

  private void loadWeights() {
    long[] needed = new long[openings.size()];
    long sum = workToCome;
    if (openings.size() > 1) {
      for (int i = 0; i < needed.length; i++) {
        needed[i] = openings.get(i).bytesNeeded();
        sum += needed[i];
      }
    }
    long others = sum;
    for (int i = 0; i < needed.length; i++) {
      others -= needed[i];
      try {
        openings.get(i).load(others);
      } catch (EngineException e) {
        throw openings.size() == 1 ? e : beside(i, others, e);
      }
    }
  }

  private EngineException beside(int index, long bytes, EngineException cause) {
    String where =
        bytes == 0
            ? String.format(
                Locale.ROOT, "together with %d others on its device", openings.size() - 1)
            : String.format(
                Locale.ROOT,
                "%d MiB are for the %d models that are loaded after it",
                bytes >> 20,
                openings.size() - 1 - index);
    return new EngineException(
        "model %s (%s): %s".formatted(tenants.get(index).name(), where, cause.getMessage()), cause);
  }

  /** Budgets first, for they are certain; what is left is divided by the shares. */
  private void allocateKeysAndValues() {
    List<Integer> sharing = new ArrayList<>();
    for (int i = 0; i < openings.size(); i++) {
      if (openings.get(i).hasKvBudget()) {
        models[i] = openings.get(i).complete(0);
      } else {
        sharing.add(i);
      }
    }
    if (sharing.isEmpty()) {
      return;
    }
    int[] shares = sharing.stream().mapToInt(i -> tenants.get(i).memoryShare()).toArray();
    long[] most = sharing.stream().mapToLong(i -> openings.get(i).kvBytesMax()).toArray();
    long[] bytes = MemoryShares.divide(left(openings.get(sharing.getFirst())), shares, most);
    for (int i = 0; i < bytes.length; i++) {
      int index = sharing.get(i);
      models[index] = openings.get(index).complete(bytes[i]);
      if (openings.size() > 1) {
        LOG.info(
            "model {} has {} MiB for keys and values, share {}",
            tenants.get(index).name(),
            bytes[i] >> 20,
            shares[i]);
      }
    }
  }

  /** Bytes that nobody needs for anything else. */
  private long left(ModelOpening one) {
    long work = openings.stream().mapToLong(ModelOpening::workBytesToCome).sum();
    // the one has left out its own already
    return one.kvBytesAvailable() + one.workBytesToCome() - work - workToCome;
  }

  private void giveUp(Throwable why) {
    for (int i = openings.size() - 1; i >= 0; i--) {
      try {
        if (models[i] == null) {
          openings.get(i).close();
        } else {
          models[i].close();
        }
      } catch (RuntimeException e) {
        why.addSuppressed(e);
      }
    }
  }
}
