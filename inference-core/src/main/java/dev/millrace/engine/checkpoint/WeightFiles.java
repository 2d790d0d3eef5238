package dev.millrace.engine.checkpoint;

import dev.millrace.engine.backend.QuantisedSource;
import dev.millrace.engine.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The files of a model: a configuration and tensors by the names that Hugging Face's layout gives
 * them, whatever the files themselves call them. Whether the tensors fit the configuration is
 * {@link Checkpoint}'s business. Thread-safe.
 */
interface WeightFiles extends AutoCloseable {

  /** Where they lie. */
  Path path();

  /** The configuration. */
  ModelConfig config();

  /** Names of all tensors; one that is in two files twice. */
  List<String> names();

  /** Refuses tensors that have no name in that layout. */
  default void refuseUnknown() {}

  /** A tensor by name, if it is there; a view of mapped memory that dies with this object. */
  Optional<Tensor> find(String name);

  /** A weight by name that can only be had row by row, if it is there; lives as long as this. */
  default Optional<QuantisedSource.Decoded> decoded(String name) {
    return Optional.empty();
  }

  /** What the files themselves call a tensor. */
  default String spelled(String name) {
    return name;
  }

  /** What is to be said of a tensor that is missing, after that. */
  default String missing(String name) {
    return "";
  }

  /** Names of the weight files, ascending. */
  List<String> files();

  /** Values that no backend keeps in the form that they have in the files. */
  default long widenedElements() {
    return 0;
  }

  /** Bytes of all tensors by the name of their type. */
  Map<String, Long> bytesByType();

  /**
   * SHA-256 over configuration, tokenizer and weights; see {@link ModelDigest}. Reads every byte.
   *
   * @param progress told the number of bytes read so far, from several threads
   */
  String digest(LongConsumer progress);

  /** Unmaps the weights. Idempotent. */
  @Override
  void close();
}
