package dev.millrace.engine.device;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Shares steps among those who want to run: each is charged the rows of its steps, divided by its
 * share, and the one that was charged least is next. Who was idle does not catch up. Owned by the
 * engine thread.
 *
 * @param <T> who takes turns
 */
final class Turns<T> {

  /**
   * Rows that a step costs beside its own. A step of one row reads all weights and so takes far
   * more time than one row of a long prompt: without this, a model that decodes for one request
   * would run a thousand steps between two steps of a model that reads prompts.
   */
  static final int STEP_ROWS = 64;

  /** Charged units of a row at a share of 1: enough digits for any share. */
  private static final long ROW = 1 << 20;

  private static final class Account {
    private final int share;
    private long charged;
    private boolean wasReady;

    Account(int share) {
      this.share = share;
    }
  }

  private final Map<T, Account> accounts = new LinkedHashMap<>();
  private long now;

  /** Lets somebody take part. */
  void add(T who, int share) {
    accounts.put(who, new Account(share));
  }

  /** Ends somebody's part. */
  void remove(T who) {
    accounts.remove(who);
  }

  /**
   * Whose turn it is.
   *
   * @param ready who wants to run, at least one; of equals the first is chosen
   */
  T next(List<T> ready) {
    accounts.forEach((who, account) -> {
      if (!ready.contains(who)) {
        account.wasReady = false;
      }
    });
    T chosen = ready.getFirst();
    long least = Long.MAX_VALUE;
    for (T who : ready) {
      Account account = of(who);
      if (!account.wasReady) {
        account.wasReady = true;
        account.charged = Math.max(account.charged, now);
      }
      if (account.charged < least) {
        least = account.charged;
        chosen = who;
      }
    }
    now = Math.max(now, least);
    return chosen;
  }

  /** Charges a step. */
  void charge(T who, int rows) {
    Account account = of(who);
    account.charged += ROW / account.share * (rows + STEP_ROWS);
  }

  private Account of(T who) {
    Account account = accounts.get(who);
    if (account == null) {
      throw new IllegalStateException("somebody who takes no part was given a turn");
    }
    return account;
  }
}
