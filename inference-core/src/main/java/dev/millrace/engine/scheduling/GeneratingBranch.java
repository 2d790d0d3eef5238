package dev.millrace.engine.scheduling;

import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.request.TokenScores;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A branch that generates tokens. Owned by the engine thread. */
public final class GeneratingBranch extends ScheduledBranch {
  private final int tokensMax;
  private final SamplingParams sampling;
  private final int blocksMax;
  private int[] tokens;
  private int count;
  private int reported;
  private boolean stopped;
  private boolean textEnded;
  private TokenWatch watch = token -> false;
  private final int topLogProbabilities;
  private final List<TokenScores> scores = new ArrayList<>();

  GeneratingBranch(ScheduledRequest request, int index, Branch.Generate spec, int blockTokens) {
    super(request, index, spec.suffix());
    tokensMax = spec.tokensMax();
    sampling = spec.sampling();
    topLogProbabilities = spec.topLogProbabilities();
    tokens = new int[Math.min(tokensMax, 32)];
    // the last token is chosen and never fed
    int length = Math.addExact(base(), tokensMax - 1);
    blocksMax = Math.ceilDiv(length, blockTokens) - request.prefix().length / blockTokens;
  }

  /** How tokens are chosen. */
  public SamplingParams sampling() {
    return sampling;
  }

  /** Number of the likeliest tokens that are wanted at each place. */
  public int topLogProbabilities() {
    return topLogProbabilities;
  }

  /** What was told of the chosen tokens, if that is wanted; one each. */
  public List<TokenScores> scores() {
    return List.copyOf(scores);
  }

  /** Remembers what is to be told of the token that is accepted next. */
  public void addScores(TokenScores told) {
    scores.add(told);
  }

  /** Lets somebody look at each token; before the first one. */
  public void watch(TokenWatch tokens) {
    watch = tokens;
  }

  /** Absolute position of the next token. */
  public int position() {
    return base() + count;
  }

  /** Tokens chosen so far, without the stop token. */
  public int[] tokens() {
    return Arrays.copyOf(tokens, count);
  }

  /** Whether a stop token, or who watches the tokens, ended it. */
  public boolean stopped() {
    return stopped || textEnded;
  }

  @Override
  public int generatedTokens() {
    return count + (stopped ? 1 : 0);
  }

  /**
   * The next token.
   *
   * @param stop whether it ends the branch without being part of it
   */
  public void accept(int token, boolean stop) {
    if (hasResult()) {
      throw new IllegalStateException("a token was chosen for a branch that has its result");
    }
    if (stop) {
      stopped = true;
      return;
    }
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.min(tokensMax, 2 * count));
    }
    tokens[count++] = token;
    textEnded = watch.ends(token);
  }

  /** Tells about tokens chosen since the last call. */
  void report() {
    while (reported < count) {
      request().events().token(this, tokens[reported++]);
    }
  }

  /** The token that runs next. */
  int lastToken() {
    return tokens[count - 1];
  }

  @Override
  boolean hasResult() {
    return stopped || textEnded || count == tokensMax;
  }

  @Override
  int blocksMax() {
    return blocksMax;
  }

  @Override
  LogitUse firstUse(int row) {
    return new LogitUse.ChooseToken(row, this);
  }
}
