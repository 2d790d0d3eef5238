package dev.millrace.engine.checkpoint;

import dev.millrace.engine.tensor.DType;
import dev.millrace.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Names the layouts of quantising tools that are not read here, by the tensors that they leave in
 * place of a weight or beside it. Otherwise a weight would seem to be missing, or of a strange
 * type. Stateless.
 */
final class ForeignLayout {

  /** Tensors that stand in place of a weight, and what writes them. */
  private static final List<List<String>> IN_PLACE =
      List.of(
          List.of(".W_q", "HQQ"),
          List.of(".codes", "AQLM"),
          List.of(".Qidxs", "QuIP#"),
          List.of("_blocks", "MXFP4 as in gpt-oss"));

  /** Tensors beside a weight of bytes, and what writes them. */
  private static final List<List<String>> BESIDE =
      List.of(
          List.of(".weight_scale_2", "NVFP4 as ModelOpt writes it"),
          List.of("_weight_scale_2", "NVFP4 as ModelOpt writes it"),
          List.of("_scale_2", "NVFP4 as ModelOpt writes it"),
          List.of(".weight.absmax", "bitsandbytes, four bits"),
          List.of(".weight.quant_map", "bitsandbytes, four bits"),
          List.of(".SCB", "bitsandbytes, eight bits"),
          List.of(".weight.SCB", "bitsandbytes, eight bits"),
          List.of(".weight_scale", "eight-bit integers with scales"),
          List.of(".weight_scales", "eight-bit integers with scales"));

  private ForeignLayout() {}

  /**
   * The layout of a weight, if it is one of these.
   *
   * @param name as the unquantised weight would be named
   */
  static Optional<String> of(WeightFiles files, String name) {
    Optional<Tensor> weight = files.find(name);
    String module =
        name.endsWith(".weight") ? name.substring(0, name.length() - ".weight".length()) : name;
    if (weight.isEmpty()) {
      return files.find(module + ".qweight").isPresent()
          ? Optional.of(integers(files, module))
          : first(files, module, IN_PLACE);
    }
    DType type = weight.get().type();
    return type == DType.U8 || type == DType.I8
        ? first(files, module, BESIDE).or(() -> Optional.of("bytes of an unknown layout"))
        : Optional.empty();
  }

  /** AWQ and GPTQ write the same names; only GPTQ reorders inputs, and packs along them. */
  private static String integers(WeightFiles files, String module) {
    String method = files.config().quantisation().toLowerCase(Locale.ROOT);
    if (method.startsWith("awq")) {
      return "AWQ";
    }
    return method.startsWith("gptq") || files.find(module + ".g_idx").isPresent() ? "GPTQ" : "AWQ";
  }

  private static Optional<String> first(
      WeightFiles files, String module, List<List<String>> layouts) {
    return layouts.stream()
        .filter(layout -> files.find(module + layout.getFirst()).isPresent())
        .findFirst()
        .map(List::getLast);
  }
}
