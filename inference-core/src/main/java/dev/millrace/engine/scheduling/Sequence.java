package dev.millrace.engine.scheduling;

import dev.millrace.engine.cache.BlockTable;
import dev.millrace.engine.cache.KvBlockPool;
import dev.millrace.engine.cache.Reservation;
import java.util.Arrays;
import java.util.List;

/**
 * Tokens on their way through the model, and the blocks that hold their keys and values. Owned by
 * the engine thread.
 */
abstract sealed class Sequence permits PrefixSequence, BranchSequence, NodeSequence {
  private final ScheduledRequest request;
  private final BlockTable table;
  private final Reservation reservation;
  private int[] feed;
  private int fed;
  private int position;
  private int planned;

  /**
   * A sequence that stands at {@code position}.
   *
   * @param table holds the tokens before {@code position}
   * @param reservation pays for the blocks of what follows
   * @param feed tokens to run
   */
  Sequence(
      ScheduledRequest request,
      BlockTable table,
      Reservation reservation,
      int position,
      int[] feed) {
    this.request = request;
    this.table = table;
    this.reservation = reservation;
    this.position = position;
    this.feed = feed;
  }

  /** Adds what the logits of the row after token {@code feedRow} are wanted for. */
  abstract void uses(int feedRow, int logitsRow, List<LogitUse> uses);

  /** Whether the logits after token {@code feedRow} are wanted. */
  abstract boolean wantsLogits(int feedRow);

  ScheduledRequest request() {
    return request;
  }

  BlockTable table() {
    return table;
  }

  Reservation reservation() {
    return reservation;
  }

  int remaining() {
    return feed.length - fed;
  }

  /** Tokens whose keys and values are in the blocks. */
  int position() {
    return position;
  }

  int fed() {
    return fed;
  }

  int feedLength() {
    return feed.length;
  }

  int planned() {
    return planned;
  }

  /** Gives one more token to run. */
  void feedToken(int token) {
    feed = new int[] {token};
    fed = 0;
  }

  /** Takes the next {@code rows} tokens into a step and the blocks they need. */
  int[] take(int rows, KvBlockPool pool) {
    table.grow(pool, position + rows, reservation);
    table.growLocal(pool, position + rows);
    planned = rows;
    return rows == feed.length ? feed : Arrays.copyOfRange(feed, fed, fed + rows);
  }

  /** Gives back what cannot be seen any more. */
  void trim() {
    table.trim(position);
  }

  /** The planned rows were computed. */
  void advance() {
    fed += planned;
    position += planned;
    planned = 0;
  }
}
