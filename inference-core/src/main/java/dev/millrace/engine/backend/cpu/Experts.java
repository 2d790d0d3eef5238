package dev.millrace.engine.backend.cpu;

import dev.millrace.engine.architecture.Router;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * Packed weights of a MoE block. Immutable.
 *
 * @param router [E, H], always f32: a near tie must not depend on rounding
 * @param rule how the chosen experts are weighed
 * @param experts in router order
 * @param shared none or one
 * @param topK experts per token
 */
record Experts(
    PackedMatrix router, Router rule, List<SwiGlu> experts, List<SwiGlu> shared, int topK)
    implements MoeWeights {

  static Experts pack(MoeSource source, ElementType type, WeightPacker packer, Products products) {
    List<SwiGlu> experts = new ArrayList<>();
    for (MoeSource.Expert expert : source.experts()) {
      experts.add(pack(expert, type, packer, products));
    }
    List<SwiGlu> shared = new ArrayList<>();
    for (MoeSource.Expert expert : source.shared()) {
      shared.add(pack(expert, type, packer, products));
    }
    PackedMatrix router = packer.pack(List.of(source.router()), ElementType.F32);
    return new Experts(router, source.rule(), experts, shared, source.topK());
  }

  private static SwiGlu pack(
      MoeSource.Expert expert, ElementType type, WeightPacker packer, Products products) {
    return SwiGlu.pack(expert.gate(), expert.up(), expert.down(), type, packer, products);
  }

  /** Whether the weight of a choice multiplies the expert's input, or else its output. */
  boolean weighsInput() {
    return switch (rule) {
      case Router.SigmoidOnInput() -> true;
      case Router.SoftmaxOnOutput(_) -> false;
    };
  }

  /** Hidden width. */
  int width() {
    return router.inputs();
  }
}
