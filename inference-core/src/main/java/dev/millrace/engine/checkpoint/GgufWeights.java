package dev.millrace.engine.checkpoint;

import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.checkpoint.family.TensorNames;
import dev.millrace.engine.checkpoint.family.TensorNames.Block;
import dev.millrace.engine.checkpoint.family.TensorNames.Experts;
import dev.millrace.engine.gguf.BlockType;
import dev.millrace.engine.gguf.GgufException;
import dev.millrace.engine.gguf.GgufException.Kind;
import dev.millrace.engine.gguf.GgufFile;
import dev.millrace.engine.gguf.GgufTensor;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * A GGUF file under the names of Hugging Face's layout: one weight for each expert, rows of q and k
 * half by half. Weights in blocks, and those whose rows are stored in another order, are decoded
 * row by row. Thread-safe.
 */
final class GgufWeights implements WeightFiles {

  private static final int ALL = -1;

  private final GgufFile file;
  private final GgufConfig config;
  private final Map<String, Place> places = new LinkedHashMap<>();

  /**
   * Where a tensor is.
   *
   * @param name in the file
   * @param expert of a stacked tensor; or {@link #ALL} of it
   * @param experts that are stacked; 0 if none are
   * @param headWidth rows of a head whose rows are stored pair by pair; 0: rows lie as they are
   */
  private record Place(String name, int expert, int experts, int headWidth) {
    Place(String name) {
      this(name, ALL, 0, 0);
    }
  }

  private GgufWeights(GgufFile file) {
    this.file = file;
    this.config = GgufConfig.read(file);
    addPlaces();
  }

  /**
   * Opens a file, and those that it names as its further parts.
   *
   * @throws GgufException if they are malformed, or of an architecture that is not supported
   */
  static GgufWeights open(Path path) {
    GgufFile file = GgufFile.open(path);
    try {
      return new GgufWeights(file);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  // ---- names

  private void addPlaces() {
    Architecture architecture = config.config().architecture();
    places.put("model.embed_tokens.weight", new Place("token_embd.weight"));
    places.put("model.norm.weight", new Place("output_norm.weight"));
    places.put("lm_head.weight", new Place("output.weight"));
    int headWidth = config.kind().permuted() ? architecture.headDimension() : 0;
    for (int i = 0; i < architecture.layers().size(); i++) {
      String to = "model.layers." + i + ".";
      String from = "blk." + i + ".";
      places.put(to + "input_layernorm.weight", new Place(from + "attn_norm.weight"));
      places.put(to + "post_attention_layernorm.weight", new Place(from + "ffn_norm.weight"));
      for (String part : List.of("q", "k", "v")) {
        String projection = to + "self_attn." + part + "_proj.";
        int width = part.equals("v") ? 0 : headWidth;
        String stored = from + "attn_" + part;
        places.put(projection + "weight", new Place(stored + ".weight", ALL, 0, width));
        places.put(projection + "bias", new Place(stored + ".bias", ALL, 0, width));
        places.put(to + "self_attn." + part + "_norm.weight", new Place(stored + "_norm.weight"));
      }
      places.put(to + "self_attn.o_proj.weight", new Place(from + "attn_output.weight"));
      places.put(to + "self_attn.o_proj.bias", new Place(from + "attn_output.bias"));
      addBlocks(to, from, architecture, i);
    }
  }

  private void addBlocks(String to, String from, Architecture architecture, int layer) {
    TensorNames names = config.config().family().tensors();
    if (architecture.layers().get(layer).feedForward() instanceof Mixture mixture) {
      places.put(to + names.router(), new Place(from + "ffn_gate_inp.weight"));
      if (names.experts().getLast() instanceof Experts.Apart(Block block)) {
        for (int e = 0; e < mixture.experts(); e++) {
          addBlock(to, from, block.of(e), "_exps", e, mixture.experts());
        }
      }
      for (Block shared : names.shared()) {
        addBlock(to, from, shared, "_shexp", ALL, 0);
      }
    } else {
      addBlock(to, from, names.dense(), "", ALL, 0);
    }
  }

  private void addBlock(
      String to, String from, Block block, String suffix, int expert, int experts) {
    String end = suffix + ".weight";
    places.put(to + block.gate(), new Place(from + "ffn_gate" + end, expert, experts, 0));
    places.put(to + block.up(), new Place(from + "ffn_up" + end, expert, experts, 0));
    places.put(to + block.down(), new Place(from + "ffn_down" + end, expert, experts, 0));
  }

  @Override
  public void refuseUnknown() {
    Set<String> known = new LinkedHashSet<>();
    places.values().forEach(place -> known.add(place.name()));
    known.add("rope_freqs.weight");
    for (GgufTensor tensor : file.tensors()) {
      if (!known.contains(tensor.name())) {
        throw new GgufException(
            Kind.TENSOR_UNKNOWN,
            file.path(),
            "tensor %s has no place in %s: the weights are of another family than the metadata"
                    .formatted(tensor.name(), config.config().architecture().name())
                + " name, or in a layout that is not supported");
      }
    }
  }

  @Override
  public List<String> names() {
    return places.entrySet().stream()
        .filter(entry -> file.find(entry.getValue().name()).isPresent())
        .map(Map.Entry::getKey)
        .toList();
  }

  @Override
  public String spelled(String name) {
    Place place = places.get(name);
    return place == null ? name : place.name();
  }

  // ---- values

  @Override
  public Optional<Tensor> find(String name) {
    return stored(name).filter(_ -> isPlain(name)).map(this::tensor);
  }

  private Optional<GgufTensor> stored(String name) {
    return Optional.ofNullable(places.get(name)).flatMap(place -> file.find(place.name()));
  }

  /** Whether a tensor is stored as it is wanted: all of it, row after row, in a floating type. */
  private boolean isPlain(String name) {
    Place place = places.get(name);
    return place != null
        && place.expert() == ALL
        && place.headWidth() == 0
        && stored(name).flatMap(tensor -> type(tensor.type())).isPresent();
  }

  private static Optional<DType> type(BlockType type) {
    return switch (type) {
      case F32 -> Optional.of(DType.F32);
      case F16 -> Optional.of(DType.F16);
      case BF16 -> Optional.of(DType.BF16);
      default -> Optional.empty();
    };
  }

  private Tensor tensor(GgufTensor tensor) {
    return new Tensor(
        tensor.name(),
        type(tensor.type()).orElseThrow(),
        new Shape(tensor.extents()),
        tensor.data());
  }

  @Override
  public Optional<QuantisedSource.Decoded> decoded(String name) {
    Optional<GgufTensor> stored = stored(name);
    if (stored.isEmpty() || isPlain(name)) {
      return Optional.empty();
    }
    GgufTensor tensor = stored.get();
    Place place = places.get(name);
    return place == null ? Optional.empty() : Optional.of(decoded(tensor, place));
  }

  private QuantisedSource.Decoded decoded(GgufTensor tensor, Place place) {
    int rank = place.expert() == ALL ? 2 : 3;
    long widest = Integer.MAX_VALUE;
    if (tensor.extents().size() != rank
        || tensor.width() > widest
        || tensor.extents().get(rank - 2) > widest
        || (rank == 3 && place.experts() != tensor.extents().getFirst())) {
      throw new GgufException(
          Kind.SHAPE,
          file.path(),
          String.format(
              Locale.ROOT,
              "tensor %s is %s %s, expected %d dimensions%s",
              tensor.name(),
              tensor.type(),
              tensor.extents(),
              rank,
              rank == 3 ? ", the first of them one for each expert" : " of a weight"));
    }
    int outputs = Math.toIntExact(tensor.extents().get(rank - 2));
    long first = rank == 3 ? (long) place.expert() * outputs : 0;
    int width = place.headWidth();
    return new QuantisedSource.Decoded(
        outputs,
        Math.toIntExact(tensor.width()),
        (output, row) -> tensor.readRow(first + storedRow(output, width), row));
  }

  /** Row {@code i} of the first half of a head is stored at 2 i, of the second at 2 i + 1. */
  private static int storedRow(int row, int headWidth) {
    if (headWidth == 0) {
      return row;
    }
    int head = row / headWidth * headWidth;
    int inHead = row - head;
    int half = headWidth / 2;
    return head + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
  }

  // ---- the rest

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public ModelConfig config() {
    return config.config();
  }

  @Override
  public List<String> files() {
    return file.parts();
  }

  @Override
  public Map<String, Long> bytesByType() {
    Map<String, Long> bytes = new TreeMap<>();
    for (GgufTensor tensor : file.tensors()) {
      bytes.merge(tensor.type().name(), tensor.data().byteSize(), Long::sum);
    }
    return bytes;
  }

  @Override
  public long widenedElements() {
    return file.tensors().stream()
        .filter(tensor -> type(tensor.type()).isEmpty())
        .mapToLong(tensor -> tensor.rows() * tensor.width())
        .sum();
  }

  /** A GGUF file holds everything: nothing beside it counts. */
  @Override
  public String digest(LongConsumer progress) {
    Path directory = Objects.requireNonNull(file.path().toAbsolutePath().normalize().getParent());
    try {
      return ModelDigest.ofFiles(directory, files(), progress);
    } catch (IOException e) {
      throw JsonFile.unreadable(file.path(), e);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
