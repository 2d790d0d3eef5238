package dev.millrace.enrichment.testing;

import dev.millrace.engine.BranchResult;
import dev.millrace.engine.BranchResult.Failed;
import dev.millrace.engine.BranchResult.Finish;
import dev.millrace.engine.BranchResult.Generated;
import dev.millrace.engine.BranchResult.Reason;
import dev.millrace.engine.BranchResult.Scored;
import dev.millrace.engine.BranchUsage;
import dev.millrace.engine.EngineStatus;
import dev.millrace.engine.InferenceEngine;
import dev.millrace.engine.ModelInfo;
import dev.millrace.engine.RequestHandle;
import dev.millrace.engine.RequestListener;
import dev.millrace.engine.RequestUsage;
import dev.millrace.engine.backend.BackendInfo;
import dev.millrace.engine.request.Branch;
import dev.millrace.engine.request.InferenceRequest;
import dev.millrace.engine.tokenizer.ChatTemplate;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An engine that answers from a script: at once, on the submitting thread, or when released.
 * Thread-safe.
 */
public final class ScriptedEngine implements InferenceEngine {
  private static final int CACHED_TOKENS = 3;
  private static final long QUEUE_NANOS = 1_000_000;
  private static final long NANOS_PER_TOKEN = 10_000;

  private final Script script;
  private final ModelInfo model;
  private final List<InferenceRequest> requests = new ArrayList<>();
  private final List<Held> held = new ArrayList<>();
  private boolean holding;
  private boolean closed;

  /** An engine with a context of so many tokens, each a character. */
  public ScriptedEngine(int contextTokens, Script script) {
    this(contextTokens, script, new PlainTemplate());
  }

  /** The same with another template. */
  public ScriptedEngine(int contextTokens, Script script, ChatTemplate template) {
    this(ofCharacters(contextTokens, template), script);
  }

  /** An engine that says it runs a model; the script sees texts in the model's own tokens. */
  public ScriptedEngine(ModelInfo model, Script script) {
    this.model = model;
    this.script = script;
  }

  private static ModelInfo ofCharacters(int contextTokens, ChatTemplate template) {
    CharacterTokenizer tokenizer = new CharacterTokenizer();
    return new ModelInfo(
        "scripted",
        Path.of("scripted"),
        "0".repeat(64),
        "none",
        contextTokens,
        tokenizer.vocabulary(),
        tokenizer,
        template,
        new int[] {CharacterTokenizer.END_OF_TURN},
        new BackendInfo("scripted", "none", "f64", 1, "bitwise"));
  }

  /** A request that waits to be released. */
  private record Held(InferenceRequest request, RequestListener listener, AtomicBoolean ended) {}

  /** From now on, requests wait for {@link #release}. */
  public synchronized void hold() {
    holding = true;
  }

  /** Answers everything that waits, the latest first, and from now on at once. */
  public void release() {
    List<Held> waiting;
    synchronized (this) {
      holding = false;
      waiting = new ArrayList<>(held).reversed();
      held.clear();
    }
    waiting.forEach(this::answer);
  }

  /** Every request submitted so far. */
  public synchronized List<InferenceRequest> requests() {
    return List.copyOf(requests);
  }

  @Override
  public ModelInfo model() {
    return model;
  }

  @Override
  public RequestHandle submit(InferenceRequest request, RequestListener listener) {
    Held one = new Held(request, listener, new AtomicBoolean());
    synchronized (this) {
      requests.add(request);
      if (holding && !closed) {
        held.add(one);
        return () -> fail(one, Reason.CANCELLED);
      }
    }
    answer(one);
    return () -> {};
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // owners are compared by identity: that is the contract
  public void cancelAll(Object owner) {
    List<Held> waiting;
    synchronized (this) {
      waiting = held.stream().filter(one -> one.request().owner().identity() == owner).toList();
      held.removeAll(waiting);
    }
    waiting.forEach(one -> fail(one, Reason.CANCELLED));
  }

  @Override
  public synchronized EngineStatus status() {
    EngineStatus.State state = closed ? EngineStatus.State.CLOSED : EngineStatus.State.RUNNING;
    return new EngineStatus(state, held.size(), 0, 1, 1);
  }

  @Override
  public void close() {
    List<Held> waiting;
    synchronized (this) {
      closed = true;
      waiting = List.copyOf(held);
      held.clear();
    }
    waiting.forEach(one -> fail(one, Reason.ENGINE_CLOSED));
  }

  private void answer(Held one) {
    String prompt = model.tokenizer().decode(one.request().prefix());
    Optional<Reason> failure =
        closed() ? Optional.of(Reason.ENGINE_CLOSED) : script.failure(prompt);
    if (failure.isPresent()) {
      fail(one, failure.get());
      return;
    }
    if (!one.ended().compareAndSet(false, true)) {
      return;
    }
    List<BranchResult> results =
        one.request().branches().stream().map(branch -> result(prompt, branch)).toList();
    for (int i = results.size() - 1; i >= 0; i--) {
      one.listener().onBranch(i, results.get(i));
    }
    one.listener().onRequest(usage(one.request(), results));
  }

  private synchronized boolean closed() {
    return closed;
  }

  private static void fail(Held one, Reason reason) {
    if (!one.ended().compareAndSet(false, true)) {
      return;
    }
    for (int i = 0; i < one.request().branches().size(); i++) {
      one.listener().onBranch(i, new Failed(reason, "scripted " + reason, BranchUsage.NONE));
    }
    one.listener().onRequest(new RequestUsage(0, 0, 0, 0, 0, 0));
  }

  private BranchResult result(String prompt, Branch branch) {
    String instruction = model.tokenizer().decode(branch.suffix());
    return switch (branch) {
      case Branch.Generate generate -> {
        int[] tokens = model.tokenizer().encode(script.generate(prompt, instruction));
        boolean cut = tokens.length > generate.tokensMax();
        int[] kept = cut ? Arrays.copyOf(tokens, generate.tokensMax()) : tokens;
        int generated = cut ? kept.length : kept.length + 1;
        yield new Generated(
            kept,
            cut ? Finish.LENGTH : Finish.STOP,
            new BranchUsage(branch.suffix().length, generated));
      }
      case Branch.Score score -> {
        List<String> labels = score.labels().stream().map(model.tokenizer()::decode).toList();
        yield new Scored(
            script.score(prompt, instruction, labels),
            new BranchUsage(branch.suffix().length + labels.size(), 0));
      }
    };
  }

  private static RequestUsage usage(InferenceRequest request, List<BranchResult> results) {
    int suffix = results.stream().mapToInt(result -> result.usage().suffixTokens()).sum();
    int generated = results.stream().mapToInt(result -> result.usage().generatedTokens()).sum();
    int prefix = request.prefix().length;
    return new RequestUsage(
        prefix,
        CACHED_TOKENS,
        suffix,
        generated,
        QUEUE_NANOS,
        (prefix + suffix + generated) * NANOS_PER_TOKEN);
  }
}
