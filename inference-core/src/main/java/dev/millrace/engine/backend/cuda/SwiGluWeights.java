package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.FeedForward;

/**
 * A dense SwiGLU block. Immutable.
 *
 * @param width I: channels between the two products
 * @param gateUp [2 I, H], gate and up rows alternating in eights
 * @param down [H, I]
 */
record SwiGluWeights(int width, PackedMatrix gateUp, PackedMatrix down) implements FeedForward {

  /** Elements from one row of the inner activations to the next: 16-byte rows. */
  static int innerStride(int width) {
    return Math.ceilDiv(width, 8) * 8;
  }
}
