package dev.millrace.engine.backend;

import dev.millrace.engine.architecture.AttentionSpec;
import java.util.List;
import java.util.function.Consumer;

/**
 * The operations of a decoder on one device, coarse and fused the way a device wants them.
 *
 * <p>Letters: {@code T} rows of the step (one row per token), {@code H} hidden size, {@code Q}
 * query heads, {@code K} key-value heads, {@code D} head dimension, {@code I} feed-forward width,
 * {@code E} experts, {@code V} vocabulary.
 *
 * <p>Contract of every operation: a row of the result depends only on that row's inputs (and, for
 * attention, on the blocks of its own sequence), bit for bit, whatever other rows are in the step,
 * wherever the row stands in it, and however a prompt was cut into steps. Operations are ordered as
 * called; {@link Logits} and {@link #read} are the only synchronising results. Arguments of type
 * {@link Rows} are different objects unless the operation says "in place".
 *
 * <p>All load-time calls come before the first {@link #begin}, so that a device can size its
 * scratch memory from the weights and rows it has seen and allocate nothing while it steps. Tensors
 * given at load time stay readable until the backend is closed, so it may pack them late. The
 * caller has checked widths, ids and block tables; a backend checks what would corrupt memory.
 *
 * <p>Every operation may throw {@link BackendException}: the device is then unusable. Owned by the
 * engine thread. Everything a backend hands out is closed by the backend.
 */
public interface ComputeBackend extends LoadTarget, AutoCloseable {

  /** What this backend is and computes with. */
  BackendInfo info();

  // ---- load time: what LoadTarget says, and memory

  /**
   * Counts the device memory that a model will take: weights, work buffers, and keys and values as
   * far as they are known. Loads nothing. 0 where memory is the operating system's business.
   *
   * @param model makes the model's load-time calls on the target it is given, as often as it is
   *     called; what they return is worth nothing
   * @param demand keys and values that will be asked for
   */
  default long bytesNeeded(Consumer<LoadTarget> model, KvDemand demand) {
    return 0;
  }

  /**
   * Refuses a model that will not fit into the device's memory; called before it is loaded. Does
   * nothing where memory is the operating system's business.
   *
   * @param model as above
   * @param demand as above
   * @param beside free bytes that other models of this device have still to take
   * @throws BackendException saying how much is needed, how much there is, and what would fit
   */
  default void requireRoom(Consumer<LoadTarget> model, KvDemand demand, long beside) {}

  /** Bytes that {@link #kvCache} would allocate; proportional to the number of blocks. */
  long kvBytes(KvShape shape);

  /**
   * Bytes it is prudent to give to keys and values here, now that the weights are loaded. What
   * other models of this device have still to take is not left out.
   */
  long kvBytesAvailable();

  /**
   * Bytes of device memory beside keys and values that are allocated by the first step and not yet;
   * 0 where memory is the operating system's business.
   */
  default long workBytesToCome() {
    return 0;
  }

  /**
   * Allocates paged key-value memory, at start: once, or once for the layers that see everything
   * and once for local ones. Its content is undefined.
   */
  KvCache kvCache(KvShape shape);

  // ---- one step; T = layout.rows()

  /** Hands the step's tokens, positions and block tables to the device. Begins a step. */
  void begin(StepLayout layout);

  /** {@code hidden[t] = table[token[t]]}. */
  void embed(Matrix table, Rows hidden);

  /** {@code out[t] = hidden[t] / sqrt(mean(hidden[t]^2) + epsilon) * weight}. */
  void norm(Rows hidden, Vector weight, float epsilon, Rows out);

  /** {@code out[t] = weight * in[t]}. */
  void project(Rows in, Matrix weight, Rows out);

  /**
   * As {@link #project}, when the first {@code outputs} outputs are of use for some rows only:
   * there {@code out} is undefined in all other rows. A backend may compute them all the same.
   *
   * @param rows ascending, perhaps none
   */
  default void projectSome(Rows in, Matrix weight, Rows out, int outputs, int[] rows) {
    project(in, weight, out);
  }

  /** {@code hidden[t] += weight * in[t]}. */
  void projectAdd(Rows in, Matrix weight, Rows hidden);

  /**
   * Position-dependent part of attention's input, on {@code qkv} [T, (Q + 2K) * D]: rotary
   * embedding and per-head norm of q and k, or temperature of q, as {@code spec} says. q is changed
   * in place; k and v go into the sequence's blocks of {@code layer}, and what is left of them in
   * {@code qkv} is undefined.
   *
   * @param headNorms weights [D] of the norms of q and of k, if {@code spec} has a learnt one; else
   *     none
   */
  void rotateAndStore(
      Rows qkv, AttentionSpec spec, List<Vector> headNorms, KvCache cache, int layer);

  /**
   * Narrows the step: from here on T is {@code rows.length}, and row {@code i} is what row {@code
   * rows[i]} was. Comes between {@link #rotateAndStore} and {@link #attend} of the last layer, when
   * the rows left out have nothing more to give than the keys and values they have stored.
   *
   * @param rows ascending, at least one
   * @param hidden in place
   * @param qkv what {@link #rotateAndStore} left; in place
   */
  void keep(int[] rows, Rows hidden, Rows qkv);

  /**
   * {@code out[t] = softmax(q k^T / sqrt(D) + mask) v} over the row's own sequence, positions up to
   * its own and, for chunked layers, from the start of its chunk. {@code qkv} is what {@link
   * #rotateAndStore} left, k and v come from the cache; {@code out} [T, Q * D].
   */
  void attend(Rows qkv, AttentionSpec spec, KvCache cache, int layer, Rows out);

  /** {@code hidden[t] += down(silu(gate in[t]) * (up in[t]))}. */
  void feedForward(Rows in, FeedForward weights, Rows hidden);

  /**
   * {@code hidden[t] += routed(in[t]) + shared(in[t])}: the experts of the top-k router logits (the
   * smaller index wins a tie), weighed as the block's {@link
   * dev.millrace.engine.architecture.Router} says; the shared expert sees its input unscaled.
   */
  void moe(Rows in, MoeWeights weights, Rows hidden);

  /**
   * Final norm and head on selected rows only.
   *
   * @param rows indices of the step's rows, as {@link #keep} left them, whose logits are wanted, in
   *     result order; at least one
   */
  Logits logits(Rows hidden, Vector weight, float epsilon, Matrix head, int[] rows);

  /**
   * Copies whole blocks of all layers, {@code from[i]} to {@code to[i]}; may be called between
   * steps.
   */
  void copyBlocks(KvCache cache, int[] from, int[] to);

  // ---- tests and diagnosis; never part of a step's fast path

  /**
   * Puts values into the first rows.
   *
   * @param values whole rows, one after the other; rounded to the backend's storage type
   */
  void write(Rows rows, float[] values);

  /**
   * Fetches the first rows; waits for what was called before.
   *
   * @param values room for whole rows, one after the other
   */
  void read(Rows rows, float[] values);

  /** Frees everything this backend handed out. Idempotent. */
  @Override
  void close();
}
