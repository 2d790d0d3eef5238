package dev.millrace.engine.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * How text is split before merges, by the names that GGUF files give such rules. A name that is not
 * here is refused: another rule would give other ids without a word. Immutable.
 *
 * @param takesWholeTokens whether a piece that is a token is taken whole, whatever the merges would
 *     make of it
 * @param expressions in turn; each match is a piece, and so is what lies between matches
 * @param names of the rule
 */
record SplittingRule(boolean takesWholeTokens, List<String> expressions, List<String> names) {

  private static final String SHORTENED = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String BEFORE = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String OTHERS = " ?[^\\s\\p{L}\\p{N}]+";
  private static final String SPACE = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LLAMA_3 =
      SHORTENED + "|" + BEFORE + "\\p{L}+|\\p{N}{1,3}|" + OTHERS + "[\\r\\n]*|" + SPACE;
  private static final String QWEN_2 = LLAMA_3.replace("{1,3}", "");
  private static final String QWEN_3_5 =
      SHORTENED
          + "|"
          + BEFORE
          + "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
          + SPACE;
  private static final String GPT_4O =
      capitalised(SHORTENED + "?") + "|\\p{N}{1,3}|" + OTHERS + "[\\r\\n/]*|" + SPACE;
  private static final String TEKKEN =
      capitalised("") + "|\\p{N}|" + OTHERS + "[\\r\\n/]*|" + SPACE;
  private static final String GPT_2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" + OTHERS + "|\\s+(?!\\S)|\\s+";
  private static final String DEEPSEEK_3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + SPACE;
  private static final String HAN_AND_KANA = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";

  private static final List<SplittingRule> ALL =
      List.of(
          new SplittingRule(
              true,
              List.of(LLAMA_3),
              List.of(
                  "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "lfm2")),
          new SplittingRule(
              false, List.of(LLAMA_3), List.of("smaug-bpe", "dbrx", "glm4", "chatglm-bpe")),
          new SplittingRule(
              false, List.of(QWEN_2), List.of("qwen2", "deepseek-r1-qwen", "stablelm2", "megrez")),
          new SplittingRule(false, List.of(QWEN_3_5), List.of("qwen35")),
          new SplittingRule(false, List.of(GPT_4O), List.of("gpt-4o", "llama4")),
          new SplittingRule(true, List.of(TEKKEN), List.of("tekken")),
          new SplittingRule(
              false, List.of("\\p{N}{1,3}", HAN_AND_KANA, DEEPSEEK_3), List.of("deepseek-v3")),
          new SplittingRule(
              false, List.of(GPT_2), List.of("gpt-2", "olmo", "phi-2", "mpt", "granite-docling")),
          new SplittingRule(
              false,
              List.of("\\p{N}", GPT_2),
              List.of("smollm", "starcoder", "refact", "command-r")));

  /** Copies the lists. */
  SplittingRule {
    expressions = List.copyOf(expressions);
    names = List.copyOf(names);
  }

  /** Words with capital letters in front, or of capital letters alone. */
  private static String capitalised(String end) {
    return BEFORE + UPPER + "*" + LOWER + "+" + end + "|" + BEFORE + UPPER + "+" + LOWER + "*"
        + end;
  }

  /** The rule of a name, if it is known. */
  static Optional<SplittingRule> named(String name) {
    return ALL.stream().filter(rule -> rule.names.contains(name)).findFirst();
  }

  /** All names, ascending. */
  static List<String> known() {
    return ALL.stream().flatMap(rule -> rule.names.stream()).sorted().toList();
  }

  /** As a tokenizer.json has it: the expressions, then bytes. */
  ObjectNode preTokenizer() {
    ObjectNode sequence = JsonNodeFactory.instance.objectNode().put("type", "Sequence");
    ArrayNode steps = sequence.putArray("pretokenizers");
    for (String expression : expressions) {
      ObjectNode split = steps.addObject().put("type", "Split");
      split.putObject("pattern").put("Regex", expression);
      split.put("behavior", "Isolated").put("invert", false);
    }
    steps
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
    return sequence;
  }
}
