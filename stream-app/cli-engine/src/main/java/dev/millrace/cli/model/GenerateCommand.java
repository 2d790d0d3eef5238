package dev.millrace.cli.model;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.CommandException;
import dev.millrace.cli.EngineOpener;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Main;
import dev.millrace.engine.BranchResult;
import dev.millrace.engine.EngineFactory;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.request.SamplingParams;
import dev.millrace.engine.tokenizer.ChatTemplate.Message;
import dev.millrace.engine.tokenizer.Tokenizer.StreamDecoder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Answers one prompt, word by word. */
@Command(
    name = "generate",
    description = "Answers a prompt, printing it as it is generated.",
    footer = {"", "The prompt is a user's turn in the model's own chat template."})
public final class GenerateCommand implements Callable<Integer> {

  private static final int STEP_TOKENS = 512;

  private final EngineOpener opener;

  @Spec private CommandSpec spec;

  @Mixin private final EngineArguments engine = new EngineArguments();

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Directory or .gguf file of the model; without it, the bundled demo model.")
  private @Nullable Path model;

  @Option(names = "--prompt", required = true, paramLabel = "TEXT", description = "What to answer.")
  private String prompt = "";

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "System message; none without it.")
  private String system = "";

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Most tokens generated (default: ${DEFAULT-VALUE}).")
  private int tokensMax;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "Sampling temperature; 0 is greedy (default).")
  private double temperature;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Probability mass to choose from (default: ${DEFAULT-VALUE}).")
  private double topP = 1;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Random seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "One line of JSON at the end instead of text.")
  private boolean json;

  /** With real engines. */
  public GenerateCommand() {
    this(EngineFactory::open);
  }

  GenerateCommand(EngineOpener opener) {
    this.opener = opener;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (prompt.isBlank()) {
      throw CommandException.usage("--prompt is empty");
    }
    Branch.Generate branch = branch();
    Path directory = model == null ? Main.demoModel() : model;
    try (InferenceEngine running = opener.open(directory, engine.options(STEP_TOKENS))) {
      ModelInfo info = running.model();
      int[] ids = info.chatTemplate().encode(messages(), true);
      Answer answer = new Answer();
      RequestHandle handle =
          running.submit(new InferenceRequest(this, ids, List.of(branch), Long.MAX_VALUE), answer);
      try {
        return print(answer, info.tokenizer().streamDecoder());
      } finally {
        handle.cancel();
      }
    }
  }

  private Branch.Generate branch() {
    try {
      return new Branch.Generate(
          new int[0], tokensMax, new SamplingParams(temperature, topP, seed));
    } catch (IllegalArgumentException e) {
      throw CommandException.usage(String.valueOf(e.getMessage()));
    }
  }

  private List<Message> messages() {
    List<Message> messages = new ArrayList<>();
    if (!system.isEmpty()) {
      messages.add(new Message("system", system));
    }
    messages.add(new Message("user", prompt));
    return messages;
  }

  private int print(Answer answer, StreamDecoder decoder) throws IOException, InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    StringBuilder text = new StringBuilder();
    for (int token = answer.next(); token != Answer.END; token = answer.next()) {
      show(out, text, decoder.next(token));
    }
    show(out, text, decoder.finish());
    BranchResult.Generated result = answer.result();
    if (json) {
      ObjectNode node = new JsonMapper().createObjectNode();
      node.put("text", text.toString());
      node.put("finish", result.finish().name().toLowerCase(Locale.ROOT));
      node.putObject("tokens")
          .put("prompt", answer.usage().prefixTokens())
          .put("generated", result.usage().generatedTokens());
      out.println(new JsonMapper().writeValueAsString(node));
    } else {
      out.println();
    }
    out.flush();
    spec.commandLine()
        .getErr()
        .printf(
            Locale.ROOT,
            "generate: %,d tokens after a prompt of %,d, ended by %s%n",
            result.usage().generatedTokens(),
            answer.usage().prefixTokens(),
            result.finish() == BranchResult.Finish.STOP ? "a stop token" : "the limit");
    return ExitCode.SUCCESS;
  }

  private void show(PrintWriter out, StringBuilder text, String piece) {
    text.append(piece);
    if (!json && !piece.isEmpty()) {
      out.print(piece);
      out.flush();
    }
  }
}
