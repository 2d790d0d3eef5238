package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigKey.required;
import static dev.millrace.operations.config.ConfigType.bool;
import static dev.millrace.operations.config.ConfigType.bytes;
import static dev.millrace.operations.config.ConfigType.integer;
import static dev.millrace.operations.config.ConfigType.oneOf;
import static dev.millrace.operations.config.ConfigType.path;

import java.nio.file.Path;
import java.util.List;

/** More models on the same device; {@code models.NAME.*}. */
public final class ModelsKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<Path> DIR =
      required(
          "dir",
          path(),
          "/models/llama-guard",
          "Directory of a Hugging Face checkpoint, or a GGUF file.");

  public static final ConfigKey<ModelArithmetic> ARITHMETIC =
      optional(
          "arithmetic",
          oneOf(ModelArithmetic.class),
          "auto",
          "f32",
          "Operands of matrix products, as model.arithmetic.");

  public static final ConfigKey<Integer> STEP_TOKENS_MAX =
      optional(
          "step.tokens.max",
          integer(1, 65_536),
          "1024",
          "2048",
          "Tokens computed in one step, as model.step.tokens.max.");

  public static final ConfigKey<Long> KV_MEMORY =
      optional(
          "kv.memory",
          bytes(0, 4096 * GIB),
          "0",
          "2GiB",
          "Memory for keys and values; 0 takes the model's share of what is left.");

  public static final ConfigKey<Integer> SEQUENCES_MAX =
      optional("sequences.max", integer(1, 65_536), "256", "64", "Sequences that run at once.");

  public static final ConfigKey<Boolean> PREFIX_CACHE =
      optional(
          "prefix.cache",
          bool(),
          "true",
          "false",
          "Whether to cache prompt prefixes for reuse by later requests.");

  public static final ConfigKey<Integer> MEMORY_SHARE =
      optional(
          "memory.share",
          integer(1, 1000),
          "1",
          "3",
          "The model's share of the memory that is left when all models are loaded, among those"
              + " without kv.memory.");

  public static final ConfigKey<Integer> TURN_SHARE =
      optional(
          "turn.share",
          integer(1, 1000),
          "1",
          "3",
          "The model's share of the tokens that are computed while several models have work.");

  public static final ConfigList MODELS =
      ConfigList.named(
          "models",
          "More models, by the name under which a plan's tasks ask for them; `main` is that of the"
              + " section `model`. All share one device.",
          List.of(
              DIR,
              ARITHMETIC,
              STEP_TOKENS_MAX,
              KV_MEMORY,
              SEQUENCES_MAX,
              PREFIX_CACHE,
              MEMORY_SHARE,
              TURN_SHARE));

  private ModelsKeys() {}

  /** The name of the first model is taken. */
  public static void check(ConfigProblems problems) {
    problems.require(
        !problems.config().named(MODELS).containsKey("main"),
        "models.main is the model of model.dir: give this one another name");
  }
}
