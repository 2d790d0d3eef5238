package dev.millrace.engine.checkpoint.family;

import java.util.List;

/**
 * Where a family keeps the tensors that families name differently; the rest is named alike
 * everywhere. Names of a layer are given from the layer's own name on. Immutable.
 *
 * @param prefixes tried before every name, in this order; the first with which there is an
 *     embedding holds
 * @param dense block of a layer without experts
 * @param router weight [E, H]; empty if the family has no mixtures
 * @param experts layouts of experts, in the order in which they are tried; the last one is expected
 *     if none is there
 * @param shared the expert that every token uses, or none
 */
public record TensorNames(
    List<String> prefixes, Block dense, String router, List<Experts> experts, List<Block> shared) {

  /** Copies the lists. */
  public TensorNames {
    prefixes = List.copyOf(prefixes);
    experts = List.copyOf(experts);
    shared = List.copyOf(shared);
  }

  /** Names of a family without mixtures and without a prefix. */
  static TensorNames dense(Block block) {
    return new TensorNames(List.of(""), block, "", List.of(), List.of());
  }

  /**
   * The weights of a SwiGLU block.
   *
   * @param gate [I, H]
   * @param up [I, H]
   * @param down [H, I]
   */
  public record Block(String gate, String up, String down) {

    /** The usual three names in a module. */
    static Block in(String module) {
      return new Block(
          module + ".gate_proj.weight", module + ".up_proj.weight", module + ".down_proj.weight");
    }

    /** The same of one expert. */
    public Block of(int expert) {
      String number = Integer.toString(expert);
      return new Block(
          gate.replace(EXPERT, number), up.replace(EXPERT, number), down.replace(EXPERT, number));
    }
  }

  /** Stands for an expert's number. */
  static final String EXPERT = "{expert}";

  /** A layout of a layer's experts. */
  public sealed interface Experts {

    /**
     * One block per expert.
     *
     * @param block with {@code {expert}} for the expert's number
     */
    record Apart(Block block) implements Experts {}

    /**
     * All experts of a layer in two tensors.
     *
     * @param gateUp [E, H, 2I], the gate's columns before the up's
     * @param down [E, I, H]
     */
    record Stacked(String gateUp, String down) implements Experts {}
  }
}
