package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.AttentionSpec;
import dev.millrace.engine.architecture.FeedForwardSpec;
import dev.millrace.engine.architecture.FeedForwardSpec.Dense;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.architecture.HeadNorm;
import dev.millrace.engine.architecture.LayerSpec;
import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MatrixSource.Order;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeSource.Expert;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.checkpoint.family.TensorNames;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import dev.millrace.engine.checkpoint.family.TensorNames.Experts;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the tensors that an architecture asks for, by the names that its family gives them, and
 * checks their shapes. Which of several layouts it is shows in the names that are there.
 */
final class DecoderTensors {

  private static final String EMBEDDING = "model.embed_tokens.weight";

  private final WeightFiles files;
  private final Architecture architecture;
  private final TensorNames names;
  private final String prefix;
  private final QuantisedTensors quantised;
  private final Set<String> asked = new LinkedHashSet<>();

  DecoderTensors(WeightFiles files) {
    this.files = files;
    this.architecture = files.config().architecture();
    this.names = files.config().family().tensors();
    this.prefix =
        names.prefixes().stream()
            .filter(candidate -> files.find(candidate + EMBEDDING).isPresent())
            .findFirst()
            .orElse(names.prefixes().getLast());
    this.quantised = new QuantisedTensors(files);
  }

  MatrixSource embedding() {
    return linear(prefix + EMBEDDING, architecture.vocabulary(), architecture.hiddenSize());
  }

  /**
   * Whether there is a head of other values than the embedding table has: it counts, even if the
   * configuration says that the two are tied, as in the model authors' code.
   */
  boolean hasOtherHead() {
    String name = prefix + "lm_head.weight";
    Optional<Tensor> head = files.find(name);
    return head.isPresent()
        ? files.find(prefix + EMBEDDING).filter(head.get()::isSame).isEmpty()
        : quantised.isThere(name);
  }

  MatrixSource head() {
    return linear(prefix + "lm_head.weight", architecture.vocabulary(), architecture.hiddenSize());
  }

  Tensor finalNorm() {
    return tensor(prefix + "model.norm.weight", Shape.of(architecture.hiddenSize()));
  }

  List<DecoderLayer> layers() {
    List<DecoderLayer> layers = new ArrayList<>();
    for (int i = 0; i < architecture.layers().size(); i++) {
      layers.add(layer(i));
    }
    refuseUnasked();
    return List.copyOf(layers);
  }

  /**
   * A bias, a norm or a sink in a layer that has none by its configuration, or a bias of the head:
   * the weights are of another family, and would compute something else. Layers behind the last one
   * are left alone; they predict further tokens.
   */
  private void refuseUnasked() {
    files.refuseUnknown();
    Set<String> modules = new LinkedHashSet<>();
    asked.forEach(name -> modules.add(module(name)));
    Pattern ofLayer = Pattern.compile(Pattern.quote(prefix + "model.layers.") + "(\\d{1,9})\\..*");
    Set<String> outside =
        new LinkedHashSet<>(List.of(prefix + "lm_head.bias", prefix + "model.norm.bias"));
    for (String name : files.names()) {
      Matcher matcher = ofLayer.matcher(name);
      boolean inside =
          matcher.matches() && Integer.parseInt(matcher.group(1)) < architecture.layers().size();
      if (outside.contains(name) || (inside && !asked.contains(name) && !harmless(name, modules))) {
        throw refuse(
            name,
            String.format(
                Locale.ROOT,
                "has no place in %s%s: the weights are of another family than the"
                    + " configuration names, or of one that is not supported",
                inside ? "a layer of " : "",
                architecture.name()));
      }
    }
  }

  /** What quantising tools put beside a weight or a cache, and what can be computed. */
  private static boolean harmless(String name, Set<String> modules) {
    return name.endsWith("_scale")
        || name.endsWith("_zero_point")
        || name.endsWith("rotary_emb.inv_freq")
        || (modules.contains(module(name)) && !name.endsWith(".bias"));
  }

  private static String module(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }

  private DecoderLayer layer(int index) {
    String name = prefix + "model.layers." + index + ".";
    LayerSpec layer = architecture.layers().get(index);
    int hidden = architecture.hiddenSize();
    int queries = layer.attention().queryWidth();
    int keys = layer.attention().kvHeads() * layer.attention().headDimension();
    return new DecoderLayer(
        layer,
        tensor(name + "input_layernorm.weight", Shape.of(hidden)),
        linear(name + "self_attn.q_proj.weight", queries, hidden),
        linear(name + "self_attn.k_proj.weight", keys, hidden),
        linear(name + "self_attn.v_proj.weight", keys, hidden),
        headNorms(name + "self_attn.", layer.attention()),
        linear(name + "self_attn.o_proj.weight", hidden, queries),
        tensor(name + "post_attention_layernorm.weight", Shape.of(hidden)),
        feedForward(name, layer.feedForward()));
  }

  private List<Tensor> headNorms(String module, AttentionSpec attention) {
    Shape head = Shape.of(attention.headDimension());
    return switch (attention.headNorm()) {
      case HeadNorm.Learnt(_) ->
          List.of(tensor(module + "q_norm.weight", head), tensor(module + "k_norm.weight", head));
      case HeadNorm.None(), HeadNorm.Unit(_) -> List.of();
    };
  }

  private FeedForwardSource feedForward(String layer, FeedForwardSpec spec) {
    return switch (spec) {
      case Dense(int width) -> {
        Expert block = swiglu(layer, names.dense(), width);
        yield new FeedForwardSource.Dense(block.gate(), block.up(), block.down());
      }
      case Mixture mixture -> new FeedForwardSource.Moe(moe(layer, mixture));
    };
  }

  private MoeSource moe(String layer, Mixture mixture) {
    MatrixSource router =
        linear(layer + names.router(), mixture.experts(), architecture.hiddenSize());
    List<Expert> experts =
        switch (layout(layer)) {
          case Experts.Stacked stacked -> stacked(layer, stacked, mixture);
          case Experts.Apart(Block block) -> apart(layer, block, mixture);
        };
    List<Expert> shared =
        mixture.shared()
            ? List.of(swiglu(layer, names.shared().getFirst(), mixture.sharedWidth()))
            : List.of();
    return new MoeSource(router, mixture.router(), experts, shared, mixture.topK());
  }

  private Experts layout(String layer) {
    for (Experts candidate : names.experts()) {
      if (candidate instanceof Experts.Stacked stacked
          && files.find(layer + stacked.gateUp()).isPresent()) {
        return candidate;
      }
    }
    return names.experts().getLast();
  }

  private List<Expert> apart(String layer, Block block, Mixture mixture) {
    List<Expert> experts = new ArrayList<>();
    for (int e = 0; e < mixture.experts(); e++) {
      experts.add(swiglu(layer, block.of(e), mixture.width()));
    }
    return experts;
  }

  /** Two stacked tensors, [E, inputs, outputs], the gate's columns before the up's. */
  private List<Expert> stacked(String layer, Experts.Stacked stacked, Mixture mixture) {
    int width = mixture.width();
    int hidden = architecture.hiddenSize();
    Tensor gateUp =
        tensor(layer + stacked.gateUp(), Shape.of(mixture.experts(), hidden, 2L * width));
    Tensor down = tensor(layer + stacked.down(), Shape.of(mixture.experts(), width, hidden));
    List<Expert> experts = new ArrayList<>();
    for (int e = 0; e < mixture.experts(); e++) {
      Tensor both = gateUp.slice(e);
      experts.add(
          new Expert(
              new MatrixSource.Columns(both, 0, width),
              new MatrixSource.Columns(both, width, width),
              new MatrixSource.Plain(down.slice(e), Order.IN_OUT)));
    }
    return experts;
  }

  private Expert swiglu(String layer, Block block, int width) {
    int hidden = architecture.hiddenSize();
    return new Expert(
        linear(layer + block.gate(), width, hidden),
        linear(layer + block.up(), width, hidden),
        linear(layer + block.down(), hidden, width));
  }

  /** A linear layer's weight; which layout it has shows in the tensors that are there. */
  private MatrixSource linear(String name, int outputs, int inputs) {
    asked.add(name);
    quantised.refuseForeign(name);
    MatrixSource found = quantised.find(name, outputs, inputs);
    return found != null
        ? found
        : new MatrixSource.Plain(tensor(name, Shape.of(outputs, inputs)), Order.OUT_IN);
  }

  /** A tensor of a floating type and of this shape. */
  private Tensor tensor(String name, Shape expected) {
    asked.add(name);
    quantised.refuseForeign(name);
    Tensor tensor = files.find(name).orElseThrow(() -> missing(name));
    if (!tensor.shape().equals(expected)) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "has shape %s, the configuration asks for %s",
              tensor.shape(),
              expected));
    }
    DType type = tensor.type();
    if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
      throw refuse(
          name,
          String.format(
              Locale.ROOT,
              "has dtype %s without a scale beside it, expected BF16, F16 or F32 (quantisation: %s)",
              type,
              files.config().quantisation()));
    }
    return tensor;
  }

  private CheckpointException missing(String name) {
    return refuse(name, "is missing" + files.missing(name));
  }

  private CheckpointException refuse(String name, String problem) {
    return new CheckpointException(
        files.path(), String.format(Locale.ROOT, "tensor %s %s", files.spelled(name), problem));
  }
}
