package dev.millrace.streams.replay;

import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.checkpoint.ModelFiles;
import dev.millrace.engine.tokenizer.HuggingFaceTokenizer;
import dev.millrace.engine.tokenizer.JinjaChatTemplate;
import dev.millrace.engine.tokenizer.Tokenizer;
import dev.millrace.enrichment.EngineEnricher;
import dev.millrace.enrichment.EnrichmentThreads;
import dev.millrace.enrichment.JsonDocuments;
import dev.millrace.enrichment.Plan;
import dev.millrace.enrichment.PlanReader;
import dev.millrace.enrichment.testing.Script;
import dev.millrace.enrichment.testing.ScriptedEngine;
import dev.millrace.operations.config.Topics;
import dev.millrace.records.AvroDecoder;
import dev.millrace.records.AvroOutcomes;
import dev.millrace.records.Backoff;
import dev.millrace.records.DocumentDecoder;
import dev.millrace.records.DocumentEncoder;
import dev.millrace.records.EnricherChoice;
import dev.millrace.records.JsonDecoder;
import dev.millrace.records.OutcomeTimestamp;
import dev.millrace.records.OutputTopics;
import dev.millrace.records.RecordSizes;
import dev.millrace.records.TimestampLimits;
import dev.millrace.schema.SchemaCatalog;
import dev.millrace.schema.SchemaLookup;
import dev.millrace.schema.SchemaRole;
import dev.millrace.streams.processor.EnrichmentProcessorSupplier;
import dev.millrace.streams.processor.EnrichmentServices;
import dev.millrace.streams.processor.Intake;
import dev.millrace.streams.processor.NodeNames;
import dev.millrace.streams.processor.Ordering;
import dev.millrace.streams.processor.Permits;
import dev.millrace.streams.processor.ProcessorMonitor;
import dev.millrace.streams.processor.ProcessorOptions;
import dev.millrace.streams.processor.SourceTimestamps;
import dev.millrace.streams.processor.SubmissionGate;
import dev.millrace.streams.processor.Submitter;
import dev.millrace.streams.processor.Taken;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * A process that enriches a file of inputs: the real topology, decoders, prompts and encoders, with
 * the demo model's tokenizer; the model's words alone come from a script. How the inputs arrive and
 * how much is done at once is told it, and must not show in what it writes.
 */
final class ReplayNode {
  static final NodeNames NAMES = new NodeNames(dev.millrace.operations.config.Input.DEFAULT_NAME);

  static final String DOCUMENTS = "documents";

  static final Topics TOPICS =
      new Topics(
          DOCUMENTS,
          new OutputTopics("enriched-documents", "quarantined-documents", "dead-letters"));

  /** A topic that is none: bytes of {@code produce}. */
  static final String PRODUCED = "produced";

  /** A topic that is none: the order of a set that has another order in each process. */
  static final String SALT = "salt";

  private static final int CONTEXT_TOKENS = 8_192;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration LONG = Duration.ofMinutes(10);

  private ReplayNode() {}

  /**
   * How the inputs arrive.
   *
   * @param seed of the order; 0 for that of the file
   * @param partitions of the input topic, each with a stream task of its own
   * @param firstPartition number of the first
   * @param batchMax most inputs that arrive at once
   * @param inFlightMax most documents of a stream task in work at once
   * @param threads that decode, and as many that tokenise
   */
  record Arrival(
      long seed, int partitions, int firstPartition, int batchMax, int inFlightMax, int threads) {

    List<String> arguments() {
      return List.of(
          Long.toString(seed),
          Integer.toString(partitions),
          Integer.toString(firstPartition),
          Integer.toString(batchMax),
          Integer.toString(inFlightMax),
          Integer.toString(threads));
    }

    static Arrival of(List<String> arguments) {
      return new Arrival(
          Long.parseLong(arguments.get(0)),
          Integer.parseInt(arguments.get(1)),
          Integer.parseInt(arguments.get(2)),
          Integer.parseInt(arguments.get(3)),
          Integer.parseInt(arguments.get(4)),
          Integer.parseInt(arguments.get(5)));
    }
  }

  /** Arguments: a directory with inputs, plan and template; a name for the output; the arrival. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    Path model = Path.of(arguments[1]);
    Path out = Path.of(arguments[2]);
    Arrival arrival = Arrival.of(List.of(arguments).subList(3, arguments.length));
    List<Input> inputs = Input.read(directory.resolve("inputs"));
    Plan plan = PlanReader.read(directory.resolve("plan.yaml"));
    List<Output> outputs = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(model);
        ModelFiles files = ModelFiles.open(model);
        ScriptedEngine engine =
            new ScriptedEngine(model(directory, files, tokenizer), new Words());
        EnrichmentThreads threads = new EnrichmentThreads(arrival.threads());
        EngineEnricher enricher =
            new EngineEnricher(
                engine,
                plan,
                EngineEnricher.Settings.of("build", threads, InstantSource.system()));
        ExecutorService decoding = Executors.newFixedThreadPool(arrival.threads())) {
      outputs.addAll(enriched(out, inputs, arrival, engine, enricher, decoding));
    }
    outputs.addAll(produced(inputs));
    outputs.add(salt());
    Output.write(out, outputs);
  }

  private static ModelInfo model(Path directory, ModelFiles files, Tokenizer tokenizer) {
    return new ModelInfo(
        "demo",
        directory,
        files.digest(_ -> {}),
        "none",
        CONTEXT_TOKENS,
        tokenizer.vocabulary(),
        tokenizer,
        JinjaChatTemplate.open(directory, tokenizer),
        new int[] {tokenizer.specialToken("<|eot|>").orElseThrow()},
        new BackendInfo("scripted", "none", "f64", 1, "bitwise"));
  }

  /** Answers that name every character of their prompt: another prompt, another answer. */
  private static final class Words implements Script {
    @Override
    public String generate(String prompt, String instruction) {
      if (instruction.isEmpty()) {
        return "unsafe\nS9,S1,S14";
      }
      String digest = sha256(prompt + "\n" + instruction);
      return digest.charAt(0) == '0' ? "repeated ".repeat(500) : "about " + digest + " and more";
    }
  }

  private static String sha256(String text) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha.digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static List<Output> enriched(
      Path out,
      List<Input> inputs,
      Arrival arrival,
      ScriptedEngine engine,
      EngineEnricher enricher,
      Executor decoding)
      throws InterruptedException {
    TimestampLimits limits = new TimestampLimits();
    SourceTimestamps timestamps = new SourceTimestamps(limits, "changelog", InstantSource.system());
    EnrichmentServices services =
        new EnrichmentServices(
            new Submitter(decoder(), EnricherChoice.always(enricher), decoding),
            new AvroOutcomes(new AvroOutcomes.OutputSchemaIds(11, 12, 13), "build"),
            timestamps,
            new Intake(Taken.SKIP),
            limits,
            new RecordSizes(200_000),
            new Permits(1_000, 1 << 30),
            new SubmissionGate(),
            ProcessorMonitor.NONE,
            System::nanoTime,
            1,
            new OneProcess());
    EnrichmentProcessorSupplier supplier =
        new EnrichmentProcessorSupplier(options(arrival), services, Map.of());
    List<PartitionDriver> partitions = new ArrayList<>();
    try {
      for (int i = 0; i < arrival.partitions(); i++) {
        int number = arrival.firstPartition() + i;
        partitions.add(
            new PartitionDriver(
                out.resolveSibling(out.getFileName() + "." + i), number, supplier, timestamps));
      }
      return sent(inputs, arrival, engine, partitions);
    } finally {
      partitions.forEach(PartitionDriver::close);
    }
  }

  private static ProcessorOptions options(Arrival arrival) {
    return new ProcessorOptions(
        NAMES,
        TOPICS,
        OutcomeTimestamp.DOCUMENT,
        Ordering.NONE,
        100_000,
        arrival.inFlightMax(),
        10_000,
        Duration.ofMillis(10),
        Duration.ofMillis(10),
        LONG,
        3,
        3,
        Duration.ZERO,
        LONG,
        new Backoff(Duration.ofMillis(100), Duration.ofSeconds(10)));
  }

  private static DocumentDecoder decoder() {
    AvroDecoder avro =
        new AvroDecoder(
            _ -> new SchemaLookup.Found(SchemaCatalog.current().schema(SchemaRole.DOCUMENT)));
    JsonDecoder json = new JsonDecoder();
    return record -> (record.requireValue()[0] == '{' ? json : avro).decode(record);
  }

  private static List<Output> sent(
      List<Input> inputs, Arrival arrival, ScriptedEngine engine, List<PartitionDriver> partitions)
      throws InterruptedException {
    List<Input> order = new ArrayList<>(inputs);
    Random random = new Random(arrival.seed());
    if (arrival.seed() != 0) {
      Collections.shuffle(order, random);
    }
    List<Output> outputs = new ArrayList<>();
    for (int next = 0; next < order.size(); ) {
      int end = Math.min(order.size(), next + 1 + random.nextInt(arrival.batchMax()));
      engine.hold();
      for (; next < end; next++) {
        partitions.get(next % partitions.size()).send(order.get(next));
      }
      engine.release();
      partitions.forEach(partition -> outputs.addAll(partition.outputs()));
    }
    long start = System.nanoTime();
    while (outputs.size() < inputs.size()) {
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException(
            outputs.size() + " outcomes of " + inputs.size() + " documents");
      }
      Thread.sleep(1);
      partitions.forEach(partition -> outputs.addAll(partition.outputs()));
    }
    return outputs;
  }

  /** What {@code produce} would send for the documents that are lines of JSON. */
  private static List<Output> produced(List<Input> inputs) {
    List<Output> outputs = new ArrayList<>();
    for (DocumentEncoder format :
        List.of(DocumentEncoder.avro(Input.SCHEMA_ID), DocumentEncoder.json())) {
      for (Input input : inputs) {
        String line = new String(input.value(), StandardCharsets.UTF_8);
        if (input.isJson() && line.endsWith("}")) {
          byte[] value =
              format.of(
                  JsonDocuments.document(JsonDocuments.parse(line), "unnamed", Instant.EPOCH));
          outputs.add(new Output(PRODUCED, null, new RecordHeaders(), value, 0));
        }
      }
    }
    return outputs;
  }

  private static Output salt() {
    String order = Map.copyOf(numbers()).toString();
    return new Output(SALT, null, new RecordHeaders(), order.getBytes(StandardCharsets.UTF_8), 0);
  }

  private static Map<Integer, Integer> numbers() {
    Map<Integer, Integer> numbers = new TreeMap<>();
    for (int i = 0; i < 1_000; i++) {
      // Far apart in the table: the order begins somewhere else in nearly every process.
      numbers.put(i * 0x9E37_79B9, i);
    }
    return numbers;
  }
}
