package dev.millrace.engine.model;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvCache;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the layers of a model keep keys and values. They belong to the backend.
 *
 * @param layout extents
 * @param full the first cache
 * @param local the cache of layers that see a part, if they have one
 * @param places of the layers
 */
record ModelCaches(KvLayout layout, KvCache full, Optional<KvCache> local, List<Place> places) {

  /**
   * Where a layer keeps them.
   *
   * @param layer its number within the cache
   */
  record Place(KvCache cache, int layer) {}

  static ModelCaches allocate(KvLayout layout, Architecture architecture, ComputeBackend backend) {
    KvCache full = backend.kvCache(layout.full());
    Optional<KvCache> local = layout.local().map(backend::kvCache);
    List<Place> places = new ArrayList<>();
    int fullLayers = 0;
    int localLayers = 0;
    for (LayerSpec layer : architecture.layers()) {
      boolean sees = local.isEmpty() || KvLayout.visibleTokens(layer.attention()) == 0;
      places.add(
          sees ? new Place(full, fullLayers++) : new Place(local.orElseThrow(), localLayers++));
    }
    return new ModelCaches(layout, full, local, List.copyOf(places));
  }
}
