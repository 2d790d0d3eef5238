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
import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.checkpoint.DecoderLayer.FeedForwardSource;
import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Shape;
import dev.millrace.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A model of any size whose weights nobody trained: for measuring how fast an engine is on a
 * machine that has no room for the checkpoint. Tensors are windows at varying places of one block
 * of random values, as large as the largest tensor, so that hundreds of gigabytes of model need two
 * of memory. The same seed gives the same values. Thread-safe.
 */
public final class RandomWeights implements ModelWeights {

  private static final int ALIGNMENT = 4096;
  private static final int NIBBLES_PER_WORD = 8;
  private static final double FLOAT8_DEVIATION = 64;

  private final ModelConfig config;
  private final Architecture architecture;
  private final Quantisation quantisation;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment bfloat16;
  private final MemorySegment float8;
  private final MemorySegment nibbles;
  private final MatrixSource embedding;
  private final MatrixSource head;
  private final SplittableRandom places;

  /** How the linear layers of the blocks are stored; embedding, head and router are BF16. */
  public enum Quantisation {
    /** Not quantised. */
    NONE,
    /** e4m3 with a scale per output. */
    FLOAT8,
    /** Four-bit integers in groups of 128 inputs, or of fewer where 128 does not divide them. */
    INT4
  }

  /**
   * Fills the block; takes some seconds for a large model.
   *
   * @param config extents and rules
   */
  public RandomWeights(ModelConfig config, Quantisation quantisation, long seed) {
    this.config = config;
    this.architecture = config.architecture();
    this.quantisation = quantisation;
    long table = (long) architecture.vocabulary() * architecture.hiddenSize();
    long block = largestBlockMatrix();
    boolean plain = quantisation == Quantisation.NONE;
    bfloat16 = values(Math.max(table, plain ? block : attentionMatrix()), seed);
    float8 = quantisation == Quantisation.FLOAT8 ? float8(block, seed) : arena.allocate(1);
    nibbles = quantisation == Quantisation.INT4 ? words(block, seed) : arena.allocate(1);
    places = new SplittableRandom(seed);
    embedding = plain(architecture.vocabulary(), architecture.hiddenSize());
    head =
        architecture.tiedEmbeddings()
            ? embedding
            : plain(architecture.vocabulary(), architecture.hiddenSize());
  }

  private long attentionMatrix() {
    return (long) architecture.queryHeads()
        * architecture.headDimension()
        * architecture.hiddenSize();
  }

  private long largestBlockMatrix() {
    long width = 0;
    for (LayerSpec layer : architecture.layers()) {
      width =
          Math.max(
              width,
              switch (layer.feedForward()) {
                case Dense(int wide) -> wide;
                case Mixture mixture -> Math.max(mixture.width(), mixture.sharedWidth());
              });
    }
    return Math.max(attentionMatrix(), width * architecture.hiddenSize());
  }

  // ---- the block

  private static int normal(SplittableRandom random, double deviation) {
    return Float.floatToRawIntBits((float) (random.nextGaussian() * deviation));
  }

  /** Normally distributed with a deviation of one over the root of the hidden size. */
  private MemorySegment values(long count, long seed) {
    double deviation = 1 / Math.sqrt(architecture.hiddenSize());
    return filled(
        count * Short.BYTES + ALIGNMENT,
        seed,
        (random, piece) -> {
          for (long at = 0; at < piece.byteSize(); at += Short.BYTES) {
            piece.set(
                ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (normal(random, deviation) >>> 16));
          }
        });
  }

  /** Normally distributed; never the bit pattern that is no number. */
  private MemorySegment float8(long count, long seed) {
    return filled(
        count + ALIGNMENT,
        seed,
        (random, piece) -> {
          for (long at = 0; at < piece.byteSize(); at++) {
            piece.set(ValueLayout.JAVA_BYTE, at, truncated(random.nextGaussian()));
          }
        });
  }

  /** The e4m3 value next to {@code FLOAT8_DEVIATION * value} on the side of zero. */
  private static byte truncated(double value) {
    int bits = Float.floatToRawIntBits((float) (value * FLOAT8_DEVIATION));
    int exponent = ((bits >>> 23) & 255) - 127 + 7;
    int magnitude = exponent <= 0 ? 0 : Math.min((exponent << 3) | ((bits >>> 20) & 7), 0x7e);
    return (byte) (magnitude | ((bits >>> 24) & 0x80));
  }

  private MemorySegment words(long weights, long seed) {
    return filled(
        weights / 2 + ALIGNMENT,
        seed,
        (random, piece) -> {
          for (long at = 0; at < piece.byteSize(); at += Integer.BYTES) {
            piece.set(ValueLayout.JAVA_INT_UNALIGNED, at, random.nextInt());
          }
        });
  }

  private interface Fill {
    void piece(SplittableRandom random, MemorySegment piece);
  }

  /**
   * Fills memory in pieces, each with a generator of its own, so that it can be done in parallel.
   */
  private MemorySegment filled(long bytes, long seed, Fill fill) {
    long pieceBytes = 1L << 20;
    int pieces = Math.toIntExact(Math.ceilDiv(bytes, pieceBytes));
    MemorySegment all = arena.allocate(pieces * pieceBytes, ALIGNMENT);
    IntStream.range(0, pieces)
        .parallel()
        .forEach(i ->
            fill.piece(
                new SplittableRandom(seed * 1_000_003 + i),
                all.asSlice(i * pieceBytes, pieceBytes)));
    return all;
  }

  /** A window of the block, at a place of its own where there is room to choose. */
  private MemorySegment window(MemorySegment block, long bytes) {
    long room = (block.byteSize() - bytes) / ALIGNMENT;
    long place;
    synchronized (places) {
      place = places.nextLong(room + 1) * ALIGNMENT;
    }
    return block.asSlice(place, bytes);
  }

  // ---- weights

  private Tensor tensor(DType type, MemorySegment block, long... extents) {
    Shape shape = Shape.of(extents);
    return new Tensor("random", type, shape, window(block, shape.elements() * type.bytes()));
  }

  private MatrixSource plain(long outputs, long inputs) {
    return new MatrixSource.Plain(tensor(DType.BF16, bfloat16, outputs, inputs), Order.OUT_IN);
  }

  private MatrixSource linear(int outputs, int inputs) {
    return switch (quantisation) {
      case NONE -> plain(outputs, inputs);
      case FLOAT8 ->
          new QuantisedSource.Float8Channels(
              tensor(DType.F8_E4M3, float8, outputs, inputs),
              constant(1 / (FLOAT8_DEVIATION * Math.sqrt(inputs)), outputs, 1));
      case INT4 -> int4(outputs, inputs);
    };
  }

  private MatrixSource int4(int outputs, int inputs) {
    int group = inputs % 128 == 0 ? 128 : inputs % 64 == 0 ? 64 : inputs;
    return new QuantisedSource.Int4Groups(
        tensor(DType.I32, nibbles, outputs, Math.ceilDiv(inputs, NIBBLES_PER_WORD)),
        constant(0.2 / Math.sqrt(inputs), outputs, inputs / group),
        Optional.empty(),
        Optional.empty(),
        inputs);
  }

  /** BF16; small, so every tensor has its own. */
  private Tensor constant(double value, long... extents) {
    Shape shape = Shape.of(extents);
    MemorySegment data = arena.allocate(shape.elements() * Short.BYTES, Long.BYTES);
    short bits = (short) (Float.floatToRawIntBits((float) value) >>> 16);
    for (long i = 0; i < shape.elements(); i++) {
      data.setAtIndex(ValueLayout.JAVA_SHORT, i, bits);
    }
    return new Tensor("constant", DType.BF16, shape, data);
  }

  private Expert swiglu(int width) {
    int hidden = architecture.hiddenSize();
    return new Expert(linear(width, hidden), linear(width, hidden), linear(hidden, width));
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public MatrixSource embedding() {
    return embedding;
  }

  @Override
  public MatrixSource head() {
    return head;
  }

  @Override
  public Tensor finalNorm() {
    return constant(1, architecture.hiddenSize());
  }

  @Override
  public DecoderLayer layer(int index) {
    LayerSpec layer = architecture.layers().get(index);
    int hidden = architecture.hiddenSize();
    int queries = layer.attention().queryWidth();
    int keys = layer.attention().kvHeads() * layer.attention().headDimension();
    return new DecoderLayer(
        layer,
        constant(1, hidden),
        linear(queries, hidden),
        linear(keys, hidden),
        linear(keys, hidden),
        headNorms(layer.attention()),
        linear(hidden, queries),
        constant(1, hidden),
        feedForward(layer.feedForward()));
  }

  private List<Tensor> headNorms(AttentionSpec attention) {
    return switch (attention.headNorm()) {
      case HeadNorm.Learnt(_) ->
          List.of(constant(1, attention.headDimension()), constant(1, attention.headDimension()));
      case HeadNorm.None(), HeadNorm.Unit(_) -> List.of();
    };
  }

  private FeedForwardSource feedForward(FeedForwardSpec spec) {
    return switch (spec) {
      case Dense(int width) -> {
        Expert block = swiglu(width);
        yield new FeedForwardSource.Dense(block.gate(), block.up(), block.down());
      }
      case Mixture mixture -> new FeedForwardSource.Moe(moe(mixture));
    };
  }

  private MoeSource moe(Mixture mixture) {
    List<Expert> experts = new ArrayList<>();
    for (int e = 0; e < mixture.experts(); e++) {
      experts.add(swiglu(mixture.width()));
    }
    return new MoeSource(
        plain(mixture.experts(), architecture.hiddenSize()),
        mixture.router(),
        experts,
        mixture.shared() ? List.of(swiglu(mixture.sharedWidth())) : List.of(),
        mixture.topK());
  }

  @Override
  public DType weightType() {
    return DType.BF16;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
