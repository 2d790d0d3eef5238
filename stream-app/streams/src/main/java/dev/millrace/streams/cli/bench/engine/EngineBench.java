package dev.millrace.streams.cli.bench.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.ModelLimits;
import dev.millrace.streams.cli.CommandException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How fast the engine is, beside what memory and arithmetic of this machine allow. */
@Command(
    name = "engine",
    description = {
      "Times prefill, decoding and whole documents, after checking that the results do not",
      "depend on batch and chunks. Without --model, on a random Llama 4 of 455 million",
      "parameters, written to a temporary directory."
    })
public final class EngineBench implements Runnable {

  private static final long SEED = 11;
  private static final int SEQUENCES_MAX = 64;
  private static final long KV_BYTES = 256L << 20;
  private static final int[] DECODE_SEQUENCES = {1, 8, 32};

  /** Rounds before the first that counts: by then the compiler has settled. */
  private static final int WARM_ROUNDS = 8;

  @Spec private CommandSpec spec;

  @Option(names = "--model", paramLabel = "DIR", description = "Model directory.")
  private @Nullable Path model;

  @Option(
      names = "--write-model",
      paramLabel = "DIR",
      description = "Only writes the random model there, for peers to be measured with.")
  private @Nullable Path writeModel;

  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "cpu",
      description = "cpu, cuda or reference (default: ${DEFAULT-VALUE}).")
  private String backendName = "cpu";

  @Option(
      names = "--arithmetic",
      paramLabel = "A",
      defaultValue = "AUTO",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Arithmetic arithmetic = Arithmetic.AUTO;

  @Option(
      names = "--threads",
      defaultValue = "0",
      description = "Compute threads, 0 for all cores (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--rounds",
      defaultValue = "7",
      description = "Measurements of each figure (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--documents",
      defaultValue = "24",
      description = "Documents of a round (default: ${DEFAULT-VALUE}).")
  private int documents;

  @Option(
      names = "--peer",
      paramLabel = "NAME=FILE",
      description = "Figures of another program, as JSON, to show ratios to; repeatable.")
  private List<String> peers = new ArrayList<>();

  @Option(names = "--json", description = "Prints the result as one line of JSON.")
  private boolean json;

  @Override
  public void run() {
    if (rounds < 1 || documents < 1) {
      throw CommandException.usage(
          "--rounds and --documents are at least 1, got %d and %d".formatted(rounds, documents));
    }
    List<Peer> others = peers.stream().map(Peer::parse).toList();
    if (writeModel != null) {
      write(writeModel);
      return;
    }
    if (model != null) {
      measure(model, others);
      return;
    }
    Path directory = temporaryDirectory();
    try {
      write(directory);
      measure(directory, others);
    } finally {
      delete(directory);
    }
  }

  private void write(Path directory) {
    progress("writing the random model");
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create " + directory, e);
    }
    RandomModel.BENCH.writeTo(directory);
  }

  private void measure(Path directory, List<Peer> others) {
    List<Figure> figures = new ArrayList<>();
    BackendInfo info;
    Machine machine;
    ModelConfig config;
    try (Checkpoint checkpoint = Checkpoint.open(directory)) {
      config = checkpoint.config();
      try (ComputeBackend probe = backend()) {
        progress("measuring the machine");
        info = probe.info();
        machine = Machine.measure(probe, Math.max(1, info.threads()));
      }
      try (DecoderModel loaded =
          DecoderModel.load(
              checkpoint,
              backend(),
              new ModelLimits(StepBench.PREFILL_TOKENS, SEQUENCES_MAX, KV_BYTES))) {
        measureSteps(loaded, ModelWork.of(config), machine, info, figures);
      }
    }
    measureDocuments(directory, config, figures);
    report(info, machine, figures, others);
  }

  private ComputeBackend backend() {
    return BackendChoice.of(backendName, BackendChoice.installed())
        .provider()
        .create(new BackendOptions(arithmetic, threads));
  }

  private void measureSteps(
      DecoderModel loaded,
      ModelWork work,
      Machine machine,
      BackendInfo info,
      List<Figure> figures) {
    StepBench bench = new StepBench(loaded, SEED);
    progress("checking results");
    bench.check();
    progress("timing steps");
    figures.add(
        new Figure(
            "prefill",
            "prefill of %d tokens".formatted(StepBench.PREFILL_TOKENS),
            "tokens/s",
            spread(bench::prefill),
            machine.operationsPerSecond() / work.prefillOperations()));
    double bytes = info.arithmetic().equals("bf16") ? 2 : 4;
    for (int sequences : DECODE_SEQUENCES) {
      double read = work.parametersRead(sequences) * bytes;
      figures.add(
          new Figure(
              "decode" + sequences,
              "decode, %d sequences".formatted(sequences),
              "tokens/s",
              spread(() -> bench.decode(sequences)),
              sequences * machine.readBytesPerSecond() / read));
    }
  }

  private void measureDocuments(Path directory, ModelConfig config, List<Figure> figures) {
    EngineOptions defaults = EngineOptions.DEFAULTS;
    EngineOptions options =
        new EngineOptions(
            backendName,
            new BackendOptions(arithmetic, threads),
            defaults.stepTokensMax(),
            2 * KV_BYTES,
            defaults.sequencesMax(),
            defaults.queueRequestsMax(),
            defaults.prefixCache());
    progress("timing documents");
    try (InferenceEngine engine = EngineFactory.open(directory, options)) {
      DocumentBench bench = new DocumentBench(engine, config.vocabulary(), SEED);
      for (int tasks : new int[] {1, 3}) {
        figures.add(
            new Figure(
                "documents" + tasks,
                "documents of %d tokens, %d task%s"
                    .formatted(DocumentBench.DOCUMENT_TOKENS, tasks, tasks == 1 ? "" : "s"),
                "documents/s",
                spread(() -> bench.run(documents, tasks)),
                0));
      }
    }
  }

  private Spread spread(DoubleSupplier measurement) {
    double[] values = new double[rounds];
    for (int i = -WARM_ROUNDS; i < rounds; i++) {
      double value = measurement.getAsDouble();
      if (i >= 0) {
        values[i] = value;
      }
    }
    return Spread.of(values);
  }

  private void report(BackendInfo info, Machine machine, List<Figure> figures, List<Peer> others) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(asJson(info, machine, figures, others));
    } else {
      out.println(asTable(info, machine, figures, others));
    }
    out.flush();
  }

  static String asJson(BackendInfo info, Machine machine, List<Figure> figures, List<Peer> others) {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("backend", info.name());
    root.put("device", info.device());
    root.put("arithmetic", info.arithmetic());
    root.put("threads", info.threads());
    root.put("readGigabytesPerSecond", machine.readBytesPerSecond() / 1e9);
    root.put("gigaoperationsPerSecond", machine.operationsPerSecond() / 1e9);
    for (Figure figure : figures) {
      ObjectNode node = root.putObject(figure.name());
      node.put("median", figure.value().median());
      node.put("low", figure.value().low());
      node.put("high", figure.value().high());
      node.put("unit", figure.unit());
      if (figure.limit() > 0) {
        node.put("limit", figure.limit());
        node.put("shareOfLimit", figure.value().median() / figure.limit());
      }
      for (Peer peer : others) {
        Double theirs = peer.figures().get(figure.name());
        if (theirs != null) {
          node.put("ratioTo" + peer.name(), figure.value().median() / theirs);
        }
      }
    }
    taskCost(figures).ifPresent(cost -> root.put("threeTasksCost", cost));
    return root.toString();
  }

  static String asTable(
      BackendInfo info, Machine machine, List<Figure> figures, List<Peer> others) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s on %s, %s, %d threads; memory reads %.1f GB/s, products %.0f GFLOP/s%n",
            info.name(),
            info.device(),
            info.arithmetic(),
            info.threads(),
            machine.readBytesPerSecond() / 1e9,
            machine.operationsPerSecond() / 1e9));
    for (Figure figure : figures) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-34s %9.1f %-12s %9.1f .. %-9.1f",
              figure.title(),
              figure.value().median(),
              figure.unit(),
              figure.value().low(),
              figure.value().high()));
      if (figure.limit() > 0) {
        text.append(
            String.format(
                Locale.ROOT,
                " %3.0f %% of %.0f",
                100 * figure.value().median() / figure.limit(),
                figure.limit()));
      }
      for (Peer peer : others) {
        Double theirs = peer.figures().get(figure.name());
        if (theirs != null) {
          text.append(
              String.format(
                  Locale.ROOT, "  %.2f x %s", figure.value().median() / theirs, peer.name()));
        }
      }
      text.append(System.lineSeparator());
    }
    taskCost(figures)
        .ifPresent(cost ->
            text.append(
                String.format(Locale.ROOT, "three tasks take %.2f times the time of one%n", cost)));
    return text.toString().stripTrailing();
  }

  private static Optional<Double> taskCost(List<Figure> figures) {
    Map<String, Double> medians = new HashMap<>();
    figures.forEach(figure -> medians.put(figure.name(), figure.value().median()));
    Double one = medians.get("documents1");
    Double three = medians.get("documents3");
    return one == null || three == null ? Optional.empty() : Optional.of(one / three);
  }

  private void progress(String what) {
    spec.commandLine().getErr().println(what);
    spec.commandLine().getErr().flush();
  }

  private static Path temporaryDirectory() {
    try {
      return Files.createTempDirectory("millrace-bench");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create a temporary directory", e);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + directory, e);
    }
  }
}
