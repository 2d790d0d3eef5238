package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigKey.required;
import static dev.millrace.operations.config.ConfigType.bool;
import static dev.millrace.operations.config.ConfigType.bytes;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.optionalText;
import static dev.millrace.operations.config.ConfigType.path;
import static dev.millrace.operations.config.ConfigType.text;

import java.nio.file.Path;
import java.util.List;

/** The model and what is asked of it; {@code model.*}. */
public final class ModelKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<Path> DIR =
      required(
          "model.dir",
          path(),
          "/models/llama-4-scout",
          "Directory of a Hugging Face checkpoint, or a GGUF file.");

  public static final ConfigKey<String> PLAN =
      optional(
          "model.plan",
          optionalText(),
          "",
          "/etc/millrace/enrichment.yaml",
          "What is asked about each document. Empty takes `enrichment.yaml` in the model's"
              + " directory, or beside its file.");

  public static final ConfigKey<String> BACKEND =
      optional(
          "model.backend",
          text(),
          "auto",
          "cpu",
          "What computes the model; `auto` takes the best one that is usable and says why.");

  public static final ConfigKey<ModelArithmetic> ARITHMETIC =
      optional(
          "model.arithmetic",
          oneOf(ModelArithmetic.class),
          "auto",
          "f32",
          "Operands of matrix products. `auto` is the fastest that the device computes natively; `f32`"
              + " is slower and as exact as single precision is.");

  public static final ConfigKey<Integer> STEP_TOKENS_MAX =
      optional(
          "model.step.tokens.max",
          integer(1, 65_536),
          "1024",
          "2048",
          "Tokens computed in one step: a larger value speeds up prefill and slows down requests that"
              + " are decoding.");

  public static final ConfigKey<Long> KV_MEMORY =
      optional(
          "model.kv.memory",
          bytes(0, 4096 * GIB),
          "0",
          "8GiB",
          "Memory for keys and values; 0 chooses from the model and the machine.");

  public static final ConfigKey<Integer> SEQUENCES_MAX =
      optional(
          "model.sequences.max", integer(1, 65_536), "256", "64", "Sequences that run at once.");

  public static final ConfigKey<Boolean> PREFIX_CACHE =
      optional(
          "model.prefix.cache",
          bool(),
          "true",
          "false",
          "Whether to cache prompt prefixes for reuse by later requests.");

  public static final ConfigKey<Integer> MEMORY_SHARE =
      optional(
          "model.memory.share",
          integer(1, 1000),
          "1",
          "3",
          "Where there are more models: this one's share of the memory that is left when all are"
              + " loaded, among those without model.kv.memory.");

  public static final ConfigKey<Integer> TURN_SHARE =
      optional(
          "model.turn.share",
          integer(1, 1000),
          "1",
          "3",
          "Where there are more models: this one's share of the tokens that are computed while"
              + " several of them have work.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of(
          "model",
          "What enriches the documents.",
          List.of(
              DIR,
              PLAN,
              BACKEND,
              ARITHMETIC,
              STEP_TOKENS_MAX,
              KV_MEMORY,
              SEQUENCES_MAX,
              PREFIX_CACHE,
              MEMORY_SHARE,
              TURN_SHARE));

  private ModelKeys() {}
}
