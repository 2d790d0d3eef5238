package dev.millrace.cli.bench.engine;

import dev.millrace.cli.CommandException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Option;

/** What is measured and how much of it. Filled from the command line. */
final class Workload {

  private static final long MEBIBYTE = 1L << 20;

  /** Memory for keys and values unless asked otherwise: of steps, and twice that of documents. */
  private static final long KV_MEBIBYTES = 256;

  /** One kind of figure. */
  enum Work {
    /** One long prompt. */
    PREFILL,
    /** Continuing sequences, at each of several numbers of them. */
    DECODE,
    /** Documents with one task, which generates. */
    DOCUMENTS1,
    /** Documents with three tasks, of which one scores labels. */
    DOCUMENTS3,
    /** Documents whose labels are scored, and nothing generated. */
    CLASSIFICATION
  }

  @Option(
      names = "--work",
      split = ",",
      paramLabel = "W",
      defaultValue = "PREFILL,DECODE,DOCUMENTS1,DOCUMENTS3",
      description = "Figures to measure, of: ${COMPLETION-CANDIDATES} (default: all but the last).")
  private List<Work> work = new ArrayList<>();

  @Option(
      names = "--prefill-tokens",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Tokens of the prompt (default: ${DEFAULT-VALUE}).")
  private int prefillTokens;

  @Option(
      names = "--decode-sequences",
      split = ",",
      paramLabel = "N",
      defaultValue = "1,8,32",
      description = "Sequences decoded at once (default: ${DEFAULT-VALUE}).")
  private int[] decodeSequences = {};

  @Option(
      names = "--decode-prompt",
      paramLabel = "N",
      defaultValue = "16",
      description = "Tokens before the decoded ones (default: ${DEFAULT-VALUE}).")
  private int decodePrompt;

  @Option(
      names = "--decode-steps",
      paramLabel = "N",
      defaultValue = "63",
      description = "Steps decoded (default: ${DEFAULT-VALUE}).")
  private int decodeSteps;

  @Option(
      names = "--documents",
      paramLabel = "N",
      defaultValue = "24",
      description = "Documents of a round (default: ${DEFAULT-VALUE}).")
  private int documents;

  @Option(
      names = "--document-tokens",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of a document (default: ${DEFAULT-VALUE}).")
  private int documentTokens;

  @Option(
      names = "--output-tokens",
      paramLabel = "N",
      defaultValue = "32",
      description = "Tokens that a task generates (default: ${DEFAULT-VALUE}).")
  private int outputTokens;

  @Option(
      names = "--step-tokens",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Most tokens of one step (default: ${DEFAULT-VALUE}).")
  private int stepTokens;

  @Option(
      names = "--kv-mebibytes",
      paramLabel = "N",
      defaultValue = "-1",
      description =
          "Memory for keys and values of documents, 0 for what the backend finds prudent "
              + "(default: 512). Steps take what they need.")
  private long kvMebibytes;

  @Option(
      names = "--copy-mebibytes",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Memory that a device copies to find its limit (default: ${DEFAULT-VALUE}).")
  private long copyMebibytes;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "7",
      description = "Measurements of each figure (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-rounds",
      paramLabel = "N",
      defaultValue = "8",
      description =
          "Rounds before the first that counts, at least; 0 for none "
              + "(default: ${DEFAULT-VALUE}).")
  private int warmRounds;

  @Option(
      names = "--warm-seconds",
      paramLabel = "S",
      defaultValue = "5",
      description =
          "If there are such rounds, they last so long, at least: by then the compiler has settled "
              + "(default: ${DEFAULT-VALUE}).")
  private int warmSeconds;

  /**
   * Refuses sizes that cannot be measured.
   *
   * @throws CommandException saying which
   */
  void check() {
    atLeast("--rounds", rounds, 1);
    atLeast("--warm-rounds", warmRounds, 0);
    atLeast("--warm-seconds", warmSeconds, 0);
    atLeast("--documents", documents, 1);
    atLeast("--document-tokens", documentTokens, 1);
    atLeast("--output-tokens", outputTokens, 1);
    atLeast("--prefill-tokens", prefillTokens, 1);
    atLeast("--decode-prompt", decodePrompt, 1);
    atLeast("--decode-steps", decodeSteps, 1);
    atLeast("--step-tokens", stepTokens, StepBench.STEP_TOKENS_MIN);
    atLeast("--kv-mebibytes", kvMebibytes, -1);
    atLeast("--copy-mebibytes", copyMebibytes, 1);
    for (int sequences : decodeSequences) {
      atLeast("--decode-sequences", sequences, 1);
      if (sequences > stepTokens) {
        throw CommandException.usage(
            String.format(
                Locale.ROOT,
                "--decode-sequences %d do not fit into one step of --step-tokens %d",
                sequences,
                stepTokens));
      }
    }
  }

  private static void atLeast(String option, long value, long bound) {
    if (value < bound) {
      throw CommandException.usage(
          String.format(Locale.ROOT, "%s is at least %d, got %d", option, bound, value));
    }
  }

  /** Which figures, in the order in which they are measured. */
  Set<Work> work() {
    return EnumSet.copyOf(work);
  }

  boolean steps() {
    return work().contains(Work.PREFILL) || work().contains(Work.DECODE);
  }

  int prefillTokens() {
    return prefillTokens;
  }

  /** What a peer is asked, to do the same; see {@link Peer}. */
  String prefillQuestion() {
    return "prefill " + prefillTokens;
  }

  /** Likewise. */
  String decodeQuestion(int sequences) {
    return String.format(Locale.ROOT, "decode %d %d %d", sequences, decodePrompt, decodeSteps);
  }

  int[] decodeSequences() {
    return decodeSequences.clone();
  }

  int decodePrompt() {
    return decodePrompt;
  }

  int decodeSteps() {
    return decodeSteps;
  }

  int documents() {
    return documents;
  }

  int documentTokens() {
    return documentTokens;
  }

  int outputTokens() {
    return outputTokens;
  }

  int stepTokens() {
    return stepTokens;
  }

  int rounds() {
    return rounds;
  }

  /**
   * Whether another round comes before the first that counts.
   *
   * @param done such rounds so far
   * @param nanos since the first of them began
   */
  boolean warms(int done, long nanos) {
    return done < warmRounds || (warmRounds > 0 && nanos < TimeUnit.SECONDS.toNanos(warmSeconds));
  }

  long copyBytes() {
    return copyMebibytes * MEBIBYTE;
  }

  /** Least memory for keys and values of steps, in bytes. */
  long stepKvBytes() {
    return KV_MEBIBYTES * MEBIBYTE;
  }

  /** Memory for keys and values of documents, in bytes; 0 lets the backend choose. */
  long documentKvBytes() {
    return (kvMebibytes < 0 ? 2 * KV_MEBIBYTES : kvMebibytes) * MEBIBYTE;
  }

  /** Most blocks that the steps of this workload hold at once. */
  int blocks(int blockTokens) {
    int decoding =
        Math.ceilDiv(decodePrompt + decodeSteps, blockTokens)
            * Arrays.stream(decodeSequences).max().orElse(0);
    int prefill = Math.ceilDiv(prefillTokens, blockTokens);
    return Math.max(StepBench.checkBlocks(blockTokens), Math.max(decoding, prefill));
  }
}
