package dev.millrace.cli.bench.engine;

import dev.millrace.cli.CommandException;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.bench.engine.Workload.Work;
import dev.millrace.engine.EngineOptions;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.architecture.Architecture;
import dev.millrace.engine.backend.BackendChoice;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.backend.BackendOptions;
import dev.millrace.engine.backend.BackendOptions.Arithmetic;
import dev.millrace.engine.backend.ComputeBackend;
import dev.millrace.engine.backend.KvShape;
import dev.millrace.engine.checkpoint.Checkpoint;
import dev.millrace.engine.checkpoint.ModelConfig;
import dev.millrace.engine.checkpoint.RandomWeights.Quantisation;
import dev.millrace.engine.model.DecoderModel;
import dev.millrace.engine.model.ModelLimits;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How fast the engine is, beside what memory and arithmetic of this machine allow. */
@Command(
    name = "engine",
    description =
        "Times prefill, decoding and whole documents, after checking that the results do not "
            + "depend on batch and chunks. Without --model, on a random Llama 4 of 455 million "
            + "parameters, written to a temporary directory.")
public final class EngineBench implements Callable<Integer> {

  private static final long SEED = 11;
  private static final int SEQUENCES_MAX = 64;
  private static final String CUDA = "cuda";

  @Spec private CommandSpec spec;

  @Option(names = "--model", paramLabel = "DIR", description = "Model directory or .gguf file.")
  private @Nullable Path model;

  @Option(
      names = "--random-model",
      paramLabel = "CONFIG",
      description =
          "Random weights of that configuration, made in memory: a directory with config.json, or "
              + "scout for the full size of Llama 4 Scout.")
  private @Nullable String randomModel;

  @Option(
      names = "--quantisation",
      paramLabel = "Q",
      defaultValue = "NONE",
      description =
          "Weight format of --random-model: ${COMPLETION-CANDIDATES}"
              + " (default: ${DEFAULT-VALUE}).")
  private Quantisation quantisation = Quantisation.NONE;

  @Option(
      names = "--write-model",
      paramLabel = "DIR",
      description = "Write the random model to DIR and exit, so that peers can be measured on it.")
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

  @Mixin private final Workload work = new Workload();

  @Option(
      names = "--even-if-wrong",
      description = "Measures even if the check of the results fails; ends with 1 all the same.")
  private boolean evenIfWrong;

  @Option(
      names = "--peer",
      paramLabel = "NAME=COMMAND",
      description =
          "Another program to measure in turns with this one; repeatable. It is asked for prefill and "
              + "decoding on its standard input: docs/benchmarks/peers.md.")
  private List<String> peers = new ArrayList<>();

  @Option(names = "--json", description = "Prints the result as one line of JSON.")
  private boolean json;

  @Override
  public Integer call() {
    work.check();
    List<Peer> others = peers.stream().map(Peer::parse).toList();
    if (writeModel != null) {
      write(writeModel);
      return ExitCode.SUCCESS;
    }
    if (randomModel != null && model != null) {
      throw CommandException.usage("--model and --random-model exclude each other");
    }
    if (quantisation != Quantisation.NONE && randomModel == null) {
      throw CommandException.usage("--quantisation goes with --random-model");
    }
    try {
      return measure(new Rounds(work, others));
    } finally {
      others.forEach(Peer::close);
    }
  }

  private int measure(Rounds rounds) {
    if (randomModel != null) {
      ModelConfig config = RandomConfig.read(randomModel);
      progress("making random weights");
      try (Subject subject = Subject.Random.of(config, quantisation, SEED)) {
        return measure(subject, rounds);
      }
    }
    if (model != null) {
      return measure(model, rounds);
    }
    Path directory = temporaryDirectory();
    try {
      write(directory);
      return measure(directory, rounds);
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

  private int measure(Path directory, Rounds rounds) {
    try (Subject subject = new Subject.Directory(directory, Checkpoint.open(directory))) {
      return measure(subject, rounds);
    }
  }

  private int measure(Subject subject, Rounds rounds) {
    ModelConfig config = subject.weights().config();
    List<Figure> figures = new ArrayList<>();
    BackendInfo info;
    Machine machine;
    WeightBytes bytes;
    try (ComputeBackend probe = backend(subject)) {
      progress("measuring the machine");
      info = probe.info();
      bytes = WeightBytes.of(probe, subject.weights());
      machine =
          info.threads() > 0 || !info.name().equals(CUDA)
              ? Machine.ofThreads(probe, Math.max(1, info.threads()))
              : Machine.ofDevice(
                  probe, subject.weights().layer(0).output(), work.stepTokens(), work.copyBytes());
    }
    Optional<String> fault = Optional.empty();
    if (work.steps()) {
      ComputeBackend backend = backend(subject);
      try (DecoderModel loaded =
          DecoderModel.load(subject.weights(), backend, limits(config.architecture(), backend))) {
        StepBench bench = new StepBench(loaded, work, SEED);
        fault = check(bench);
        measureSteps(rounds, bench, ModelWork.of(config.architecture()), machine, bytes, figures);
      }
    }
    measureDocuments(rounds, subject, figures);
    String stored =
        randomModel == null ? config.quantisation() : quantisation.name().toLowerCase(Locale.ROOT);
    report(new BenchReport(info, stored, machine, fault, figures));
    return fault.isEmpty() ? ExitCode.SUCCESS : ExitCode.FAILURE;
  }

  private ComputeBackend backend(Subject subject) {
    return BackendChoice.of(
            backendName, BackendChoice.installed(), subject.weights().config().architecture())
        .provider()
        .create(new BackendOptions(arithmetic, threads, subject.weights().weightType()));
  }

  private ModelLimits limits(Architecture architecture, ComputeBackend backend) {
    int blocks = work.blocks(ModelLimits.BLOCK_TOKENS);
    KvShape needed =
        new KvShape(
            architecture.layers().size(),
            blocks,
            ModelLimits.BLOCK_TOKENS,
            architecture.kvHeads(),
            architecture.headDimension());
    int sequences = Arrays.stream(work.decodeSequences()).max().orElse(1);
    return new ModelLimits(
        work.stepTokens(),
        Math.max(SEQUENCES_MAX, sequences),
        Math.max(work.stepKvBytes(), backend.kvBytes(needed)));
  }

  private Optional<String> check(StepBench bench) {
    progress("checking results");
    try {
      bench.check();
      return Optional.empty();
    } catch (IllegalStateException e) {
      if (!evenIfWrong) {
        throw e;
      }
      progress(String.valueOf(e.getMessage()));
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void measureSteps(
      Rounds rounds,
      StepBench bench,
      ModelWork model,
      Machine machine,
      WeightBytes bytes,
      List<Figure> figures) {
    progress("timing steps" + rounds.turns());
    if (work.work().contains(Work.PREFILL)) {
      Rounds.Measured measured = rounds.besidePeers(work.prefillQuestion(), bench::prefill);
      add(
          figures,
          new Figure(
              "prefill",
              String.format(Locale.ROOT, "prefill of %d tokens", work.prefillTokens()),
              "tokens/s",
              measured.ours(),
              machine.operationsPerSecond() / model.prefillOperations(),
              measured.comparisons()));
    }
    if (work.work().contains(Work.DECODE)) {
      for (int sequences : work.decodeSequences()) {
        double all = model.bytes(bytes.block(), bytes.head());
        double read = model.bytesRead(sequences, bytes.block(), bytes.head());
        Rounds.Measured measured =
            rounds.besidePeers(work.decodeQuestion(sequences), () -> bench.decode(sequences));
        add(
            figures,
            new Figure(
                "decode" + sequences,
                String.format(Locale.ROOT, "decode, %d sequences", sequences),
                "tokens/s",
                measured.ours(),
                sequences * machine.stepsPerSecond(all, read),
                measured.comparisons()));
      }
    }
  }

  private void measureDocuments(Rounds rounds, Subject subject, List<Figure> figures) {
    List<Work> kinds =
        work.work().stream().filter(w -> w != Work.PREFILL && w != Work.DECODE).toList();
    if (kinds.isEmpty()) {
      return;
    }
    EngineOptions defaults = EngineOptions.DEFAULTS;
    EngineOptions options =
        new EngineOptions(
            backendName,
            new BackendOptions(arithmetic, threads),
            work.stepTokens(),
            work.documentKvBytes(),
            defaults.sequencesMax(),
            defaults.queueRequestsMax(),
            defaults.prefixCache());
    progress("timing documents");
    try (InferenceEngine engine = subject.engine(options)) {
      DocumentBench bench = new DocumentBench(engine, work, subject.weights().config(), SEED);
      for (Work kind : kinds) {
        add(
            figures,
            new Figure(
                kind.name().toLowerCase(Locale.ROOT),
                String.format(
                    Locale.ROOT, "documents of %d tokens, %s", work.documentTokens(), tasks(kind)),
                "documents/s",
                rounds.alone(() -> bench.run(kind)),
                0,
                List.of()));
      }
    }
  }

  private static String tasks(Work kind) {
    return switch (kind) {
      case DOCUMENTS1 -> "1 task";
      case DOCUMENTS3 -> "3 tasks";
      case CLASSIFICATION -> "labels only";
      case PREFILL, DECODE -> throw new IllegalArgumentException(kind + " is no kind of document");
    };
  }

  /** Keeps a figure and tells it at once: a run that is cut off leaves what it had measured. */
  private void add(List<Figure> figures, Figure figure) {
    figures.add(figure);
    progress(BenchReport.line(figure));
  }

  private void report(BenchReport result) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? result.json() : result.table());
    out.flush();
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
