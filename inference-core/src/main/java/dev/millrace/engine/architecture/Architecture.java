package dev.millrace.engine.architecture;

import dev.millrace.engine.architecture.FeedForwardSpec.Mixture;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A decoder of pre-norm blocks: {@code h += attention(norm(h)); h += feedForward(norm(h))} for each
 * layer, then a norm and the head. Immutable.
 *
 * @param name as its configuration names it
 * @param hiddenSize H
 * @param vocabulary V, rows of the embedding table
 * @param contextTokens longest context the model was made for
 * @param normEpsilon of every norm over the hidden size
 * @param tiedEmbeddings whether the head is the embedding table
 * @param layers in order, at least one; their keys and values have one shape
 */
public record Architecture(
    String name,
    int hiddenSize,
    int vocabulary,
    int contextTokens,
    float normEpsilon,
    boolean tiedEmbeddings,
    List<LayerSpec> layers) {

  /** Copies the list; refuses none, and layers with other heads than the first one's. */
  public Architecture {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a decoder has at least one layer");
    }
    AttentionSpec first = layers.getFirst().attention();
    for (LayerSpec layer : layers) {
      AttentionSpec attention = layer.attention();
      if (attention.queryHeads() != first.queryHeads()
          || attention.kvHeads() != first.kvHeads()
          || attention.headDimension() != first.headDimension()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "layers have one shape of heads, got %d/%d of %d beside %d/%d of %d",
                attention.queryHeads(),
                attention.kvHeads(),
                attention.headDimension(),
                first.queryHeads(),
                first.kvHeads(),
                first.headDimension()));
      }
    }
  }

  /** The same with a head of its own. */
  public Architecture untied() {
    return new Architecture(
        name, hiddenSize, vocabulary, contextTokens, normEpsilon, false, layers);
  }

  /** Q. */
  public int queryHeads() {
    return layers.getFirst().attention().queryHeads();
  }

  /** K. */
  public int kvHeads() {
    return layers.getFirst().attention().kvHeads();
  }

  /** D. */
  public int headDimension() {
    return layers.getFirst().attention().headDimension();
  }

  /** The mixtures of experts among the layers, in order. */
  public Stream<Mixture> mixtures() {
    return layers.stream()
        .map(LayerSpec::feedForward)
        .filter(Mixture.class::isInstance)
        .map(Mixture.class::cast);
  }

  /** Elements of keys and values of one token in all layers. */
  public long kvElementsPerToken() {
    return 2L * layers.size() * kvHeads() * headDimension();
  }
}
