package dev.millrace.engine.tokenizer;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Runs a chat template in a box: no files, no other templates, bounded loops, output and time. A
 * template is a program that came with a download. Thread-safe.
 */
final class TemplateRenderer {

  private static final int OUTPUT_CHARS_MAX = 1 << 20;
  private static final int LOOP_MAX = 10_000;
  private static final int DEPTH_MAX = 32;
  private static final Duration TIME_MAX = Duration.ofSeconds(10);

  private final Path file;
  private final Duration timeMax;
  private final String template;
  private final Jinjava jinjava;

  TemplateRenderer(Path file, String template) {
    this(file, template, TIME_MAX);
  }

  TemplateRenderer(Path file, String template, Duration timeMax) {
    this.file = file;
    this.timeMax = timeMax;
    try {
      this.template = TemplateWhitespace.applied(template);
    } catch (IllegalArgumentException e) {
      throw new TokenizerException(file, "its chat template is broken: " + e.getMessage(), e);
    }
    this.jinjava = new Jinjava(config());
    this.jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", TemplateRenderer.class, "raiseException", String.class));
  }

  private static JinjavaConfig config() {
    LegacyOverrides overrides =
        LegacyOverrides.newBuilder()
            .withEvaluateMapKeys(true)
            .withIterateOverMapKeys(true)
            .withUseNaturalOperatorPrecedence(true)
            .build();
    return JinjavaConfig.newBuilder()
        .withLegacyOverrides(overrides)
        .withMaxOutputSize(OUTPUT_CHARS_MAX)
        .withMaxStringLength(OUTPUT_CHARS_MAX)
        .withMaxRenderDepth(DEPTH_MAX)
        .withMaxMacroRecursionDepth(DEPTH_MAX)
        .withMaxListSize(LOOP_MAX)
        .withMaxMapSize(LOOP_MAX)
        .withRangeLimit(LOOP_MAX)
        .withInterperterFactory(StoppableInterpreter.FACTORY)
        .withDisabled(
            Map.of(
                Library.TAG, Set.of("include", "import", "from", "extends"),
                Library.FUNCTION, Set.of("random", "unixtimestamp", "today"),
                Library.FILTER, Set.of("random", "shuffle")))
        .build();
  }

  /** What templates call to refuse a conversation. */
  public static String raiseException(String message) {
    throw new Refusal(message);
  }

  /**
   * Renders the template.
   *
   * @throws TokenizerException if it fails, refuses or takes too long
   */
  String render(Map<String, Object> variables) {
    FutureTask<RenderResult> task =
        new FutureTask<>(() -> jinjava.renderForResult(template, variables));
    Thread thread = Thread.ofPlatform().daemon().name("chat-template").start(task);
    try {
      return output(task.get(timeMax.toMillis(), TimeUnit.MILLISECONDS));
    } catch (ExecutionException e) {
      throw new TokenizerException(file, "its chat template fails: " + e.getCause(), e);
    } catch (TimeoutException e) {
      thread.interrupt();
      throw new TokenizerException(
          file,
          String.format(
              Locale.ROOT, "its chat template takes longer than %d s", timeMax.toSeconds()),
          e);
    } catch (InterruptedException e) {
      thread.interrupt();
      Thread.currentThread().interrupt();
      throw new TokenizerException(file, "its chat template was interrupted", e);
    }
  }

  private String output(RenderResult result) {
    for (TemplateError error : result.getErrors()) {
      throw new TokenizerException(
          file,
          String.format(
              Locale.ROOT,
              "its chat template fails in line %d: %s%s",
              error.getLineno(),
              error.getMessage(),
              reason(error.getException())));
    }
    return result.getOutput();
  }

  /** What {@link #raiseException} was told, which the engine wraps several times. */
  private static String reason(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof Refusal) {
        return ": " + cause.getMessage();
      }
    }
    return "";
  }

  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }
}
