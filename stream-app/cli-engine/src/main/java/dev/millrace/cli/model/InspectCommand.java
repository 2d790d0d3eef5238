package dev.millrace.cli.model;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.ExitCode;
import dev.millrace.engine.inspect.ModelSummary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says what a model is and where it fits, without loading it. */
@Command(
    name = "inspect",
    description = "Shows a model's architecture and size, and which GPUs it fits on.",
    footer = {
      "",
      "Reads config.json and the headers of the weights, not the weights. A GPU keeps",
      "5 %% of its memory and 1 GiB for itself and for activations; the rest holds",
      "weights, keys and values.",
    })
public final class InspectCommand implements Callable<Integer> {

  private static final double GIBIBYTE = 1L << 30;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "Directory or .gguf file of the model.")
  private Path directory = Path.of("");

  @Option(names = "--json", description = "One line of JSON on standard output.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    ModelSummary summary = ModelSummary.of(directory);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(new JsonMapper().writeValueAsString(toJson(summary)));
    } else {
      print(summary, out);
    }
    out.flush();
    return ExitCode.SUCCESS;
  }

  private static void print(ModelSummary model, PrintWriter out) {
    line(out, "model", model.name());
    line(out, "architecture", model.architecture());
    line(
        out,
        "layers",
        model.experts() == 0
            ? String.format(Locale.ROOT, "%d, dense", model.layers())
            : String.format(
                Locale.ROOT,
                "%d, %d of them with %d experts, %d per token%s",
                model.layers(),
                model.moeLayers(),
                model.experts(),
                model.expertsPerToken(),
                model.sharedExpert() ? ", and a shared one" : ""));
    line(
        out,
        "width",
        String.format(
            Locale.ROOT,
            "%d, %d query and %d key-value heads of %d",
            model.hiddenSize(),
            model.queryHeads(),
            model.kvHeads(),
            model.headDimension()));
    line(out, "vocabulary", String.format(Locale.ROOT, "%,d tokens", model.vocabulary()));
    line(out, "context", String.format(Locale.ROOT, "%,d tokens", model.contextTokens()));
    line(
        out,
        "parameters",
        "%s, %s of them active for a token"
            .formatted(count(model.parameters()), count(model.activeParameters())));
    line(out, "quantisation", model.quantisation());
    line(
        out,
        "weights",
        String.format(
            Locale.ROOT,
            "%s in %d files (%s)",
            bytes(model.weightBytes()),
            model.weightFiles(),
            types(model)));
    line(out, "keys and values", "%s for a token".formatted(bytes(model.kvBytesPerToken())));
    out.println();
    out.println("  GPU             memory   room for keys and values of");
    for (Gpu gpu : Gpu.COMMON) {
      out.printf(
          Locale.ROOT, "  %-14s %5.1f GiB   %s%n", gpu.name(), gpu.gibibytes(), room(gpu, model));
    }
  }

  private static String room(Gpu gpu, ModelSummary model) {
    long room = gpu.room(model.weightBytes());
    return room <= 0
        ? "does not fit: %s too little".formatted(bytes(-room))
        : String.format(Locale.ROOT, "%,d tokens", room / model.kvBytesPerToken());
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf(Locale.ROOT, "%-16s %s%n", name, value);
  }

  private static String types(ModelSummary model) {
    StringBuilder text = new StringBuilder();
    model
        .bytesByType()
        .forEach((type, size) ->
            text.append(text.isEmpty() ? "" : ", ").append(type).append(' ').append(bytes(size)));
    return text.toString();
  }

  private static String count(long parameters) {
    return parameters >= 1_000_000_000
        ? String.format(Locale.ROOT, "%.2f billion", parameters / 1e9)
        : String.format(Locale.ROOT, "%.2f million", parameters / 1e6);
  }

  private static String bytes(long bytes) {
    if (bytes >= GIBIBYTE) {
      return String.format(Locale.ROOT, "%.2f GiB", bytes / GIBIBYTE);
    }
    return bytes >= 1 << 20
        ? String.format(Locale.ROOT, "%.1f MiB", bytes / (double) (1 << 20))
        : String.format(Locale.ROOT, "%,d bytes", bytes);
  }

  private static ObjectNode toJson(ModelSummary model) {
    ObjectNode node = new JsonMapper().createObjectNode();
    node.put("name", model.name());
    node.put("architecture", model.architecture());
    node.put("quantisation", model.quantisation());
    node.put("layers", model.layers());
    node.put("moeLayers", model.moeLayers());
    node.put("experts", model.experts());
    node.put("expertsPerToken", model.expertsPerToken());
    node.put("sharedExpert", model.sharedExpert());
    node.put("hiddenSize", model.hiddenSize());
    node.put("queryHeads", model.queryHeads());
    node.put("kvHeads", model.kvHeads());
    node.put("headDimension", model.headDimension());
    node.put("vocabulary", model.vocabulary());
    node.put("contextTokens", model.contextTokens());
    node.put("parameters", model.parameters());
    node.put("activeParameters", model.activeParameters());
    node.put("weightFiles", model.weightFiles());
    node.put("weightBytes", model.weightBytes());
    ObjectNode types = node.putObject("bytesByType");
    model.bytesByType().forEach(types::put);
    node.put("kvBytesPerToken", model.kvBytesPerToken());
    ArrayNode gpus = node.putArray("gpus");
    for (Gpu gpu : Gpu.COMMON) {
      long room = gpu.room(model.weightBytes());
      gpus.addObject()
          .put("name", gpu.name())
          .put("memoryGibibytes", gpu.gibibytes())
          .put("fits", room > 0)
          .put("kvTokens", Math.max(0, room) / model.kvBytesPerToken());
    }
    return node;
  }
}
