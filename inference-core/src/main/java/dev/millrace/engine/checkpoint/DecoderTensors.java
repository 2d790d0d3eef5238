package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.MatrixSource;
import dev.millrace.engine.backend.MatrixSource.Order;
import dev.millrace.engine.backend.MoeSource;
import dev.millrace.engine.backend.MoeSource.Expert;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.checkpoint.ModelConfig.Family;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the decoder's tensors by the names Hugging Face gives them and checks their shapes.
 *
 * <p>Llama 4's own uploads put {@code language_model.} before every name and stack all experts of a
 * layer in two tensors; other tools drop the prefix and write one set of linear layers per expert.
 * Which it is shows in the names that are there.
 */
final class DecoderTensors {

  private static final String PREFIX = "language_model.";
  private static final String EMBEDDING = "model.embed_tokens.weight";

  private final ModelFiles files;
  private final ModelConfig config;
  private final String prefix;
  private final QuantisedTensors quantised;

  DecoderTensors(ModelFiles files) {
    this.files = files;
    this.config = files.config();
    this.prefix = files.find(PREFIX + EMBEDDING).isPresent() ? PREFIX : "";
    this.quantised = new QuantisedTensors(files);
  }

  MatrixSource embedding() {
    return linear(prefix + EMBEDDING, config.vocabulary(), config.hiddenSize());
  }

  MatrixSource head() {
    return linear(prefix + "lm_head.weight", config.vocabulary(), config.hiddenSize());
  }

  Tensor finalNorm() {
    return tensor(prefix + "model.norm.weight", Shape.of(config.hiddenSize()));
  }

  List<DecoderLayer> layers() {
    List<DecoderLayer> layers = new ArrayList<>();
    for (int i = 0; i < config.layers().size(); i++) {
      layers.add(layer(i));
    }
    return List.copyOf(layers);
  }

  private DecoderLayer layer(int index) {
    String name = prefix + "model.layers." + index + ".";
    LayerConfig layer = config.layers().get(index);
    int hidden = config.hiddenSize();
    int queries = config.queryHeads() * config.headDimension();
    int keys = config.kvHeads() * config.headDimension();
    return new DecoderLayer(
        layer,
        tensor(name + "input_layernorm.weight", Shape.of(hidden)),
        linear(name + "self_attn.q_proj.weight", queries, hidden),
        linear(name + "self_attn.k_proj.weight", keys, hidden),
        linear(name + "self_attn.v_proj.weight", keys, hidden),
        linear(name + "self_attn.o_proj.weight", hidden, queries),
        tensor(name + "post_attention_layernorm.weight", Shape.of(hidden)),
        layer.moe() ? moe(name + "feed_forward.") : dense(name));
  }

  private FeedForwardSource dense(String layer) {
    boolean llama4 = config.family() == Family.LLAMA4;
    int width = llama4 ? config.denseWidth() : config.expertWidth();
    Expert block = swiglu(layer + (llama4 ? "feed_forward." : "mlp."), width);
    return new FeedForwardSource.Dense(block.gate(), block.up(), block.down());
  }

  private FeedForwardSource moe(String name) {
    MatrixSource router = linear(name + "router.weight", config.experts(), config.hiddenSize());
    boolean fused = files.find(name + "experts.gate_up_proj").isPresent();
    List<Expert> experts = fused ? fusedExperts(name) : unfusedExperts(name);
    Expert shared = swiglu(name + "shared_expert.", config.expertWidth());
    return new FeedForwardSource.Moe(
        new MoeSource(router, experts, List.of(shared), config.expertsPerToken()));
  }

  private List<Expert> unfusedExperts(String name) {
    List<Expert> experts = new ArrayList<>();
    for (int e = 0; e < config.experts(); e++) {
      experts.add(swiglu(name + "experts." + e + ".", config.expertWidth()));
    }
    return experts;
  }

  /** Two stacked tensors, [E, inputs, outputs], the gate's columns before the up's. */
  private List<Expert> fusedExperts(String name) {
    int width = config.expertWidth();
    int hidden = config.hiddenSize();
    Tensor gateUp =
        tensor(name + "experts.gate_up_proj", Shape.of(config.experts(), hidden, 2L * width));
    Tensor down = tensor(name + "experts.down_proj", Shape.of(config.experts(), width, hidden));
    List<Expert> experts = new ArrayList<>();
    for (int e = 0; e < config.experts(); e++) {
      Tensor both = gateUp.slice(e);
      experts.add(
          new Expert(
              new MatrixSource.Columns(both, 0, width),
              new MatrixSource.Columns(both, width, width),
              new MatrixSource.Plain(down.slice(e), Order.IN_OUT)));
    }
    return experts;
  }

  private Expert swiglu(String name, int width) {
    return new Expert(
        linear(name + "gate_proj.weight", width, config.hiddenSize()),
        linear(name + "up_proj.weight", width, config.hiddenSize()),
        linear(name + "down_proj.weight", config.hiddenSize(), width));
  }

  /** A linear layer's weight; which layout it has shows in the tensors that are there. */
  private MatrixSource linear(String name, int outputs, int inputs) {
    MatrixSource found = quantised.find(name, outputs, inputs);
    return found != null
        ? found
        : new MatrixSource.Plain(tensor(name, Shape.of(outputs, inputs)), Order.OUT_IN);
  }

  /** A tensor of a floating type and of this shape. */
  private Tensor tensor(String name, Shape expected) {
    Tensor tensor = files.find(name).orElseThrow(() -> missing(name));
    if (!tensor.shape().equals(expected)) {
      throw refuse(
          name, "has shape %s, the configuration asks for %s".formatted(tensor.shape(), expected));
    }
    DType type = tensor.type();
    if (type != DType.F32 && type != DType.F16 && type != DType.BF16) {
      throw refuse(
          name,
          "has dtype %s without a scale beside it, expected BF16, F16 or F32 (quantisation: %s)"
              .formatted(type, config.quantisation()));
    }
    return tensor;
  }

  private CheckpointException missing(String name) {
    String hint =
        name.endsWith("lm_head.weight")
            ? "; if head and embedding are one, config.json says tie_word_embeddings: true"
            : "";
    return refuse(name, "is missing" + hint);
  }

  private CheckpointException refuse(String name, String problem) {
    return new CheckpointException(files.directory(), "tensor %s %s".formatted(name, problem));
  }
}
