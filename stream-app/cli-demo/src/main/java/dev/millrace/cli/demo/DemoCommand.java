package dev.millrace.cli.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.millrace.cli.CommandException;
import dev.millrace.cli.DeviceArguments;
import dev.millrace.cli.ExitCode;
import dev.millrace.cli.Main;
import dev.millrace.cli.ModelPath;
import dev.millrace.cli.Progress;
import dev.millrace.cli.Signals;
import dev.millrace.engine.EngineOptions;
import dev.millrace.enrichment.JsonOutcome;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * A whole pipeline on this machine, with nothing to install or configure; which one, says a
 * subclass.
 */
@Command(
    footer = {
      "",
      "With --json, standard output has one line for each outcome, as `enrich` writes",
      "it, then {\"totals\":{..}}. Progress goes to standard error.",
      "Exit code 0 only if each document had exactly one outcome; 130 if stopped by",
      "Ctrl-C before."
    })
public abstract class DemoCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--documents",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Documents to enrich (default: ${DEFAULT-VALUE}). 400 are bundled; past that they are"
              + " used again under other ids.")
  private int documents;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Directory or .gguf file of the model; without it, the bundled demo model.")
  private @Nullable Path model;

  @Mixin private final DeviceArguments device = new DeviceArguments();

  @Option(names = "--json", description = "Print outcomes and totals as JSON lines.")
  private boolean json;

  @Option(names = "--stay", description = "Keep everything running at the end, until Ctrl-C.")
  private boolean stay;

  /** For subclasses. */
  protected DemoCommand() {}

  /** What stands between the topics. */
  protected abstract Pipeline pipeline();

  @Override
  public Integer call() throws InterruptedException {
    if (documents < 1) {
      throw CommandException.usage("--documents must be at least 1, got " + documents);
    }
    Path directory = model == null ? Main.demoModel() : model;
    ModelPath.require("", directory);
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    quietLogs();
    EngineOptions options = device.engineOptions();
    CountDownLatch stop = new CountDownLatch(1);
    Thread demo = Thread.currentThread();
    boolean done = false;
    Signals.onStop(() -> {
      stop.countDown();
      demo.interrupt();
    });
    long started = startedNanos();
    try (Progress progress = Progress.ofProcess(err, System::nanoTime, started);
        DemoRun run = new DemoRun(pipeline(), directory, options, progress, started)) {
      run.start();
      Totals totals = run.enrich(BundledDocuments.take(documents), this::print);
      progress.clear();
      print(out, run.outcomes(), totals);
      report(run.faults());
      done = true;
      if (stay) {
        err.println(run.invitation());
        err.flush();
        stop.await();
      }
      return ExitCode.SUCCESS;
    } catch (InterruptedException | RuntimeException e) {
      // Interrupted, Kafka's clients and the starting servers throw exceptions of their own.
      if (stop.getCount() > 0) {
        throw e;
      }
      if (done) {
        return ExitCode.SUCCESS;
      }
      throw CommandException.stopped("stopped before all documents had an outcome", e);
    }
  }

  /** The demo tells its own story; only what goes wrong is told by the log, unless asked for. */
  private static void quietLogs() {
    Logger ours = (Logger) LoggerFactory.getLogger("dev.millrace");
    if (ours.getEffectiveLevel() != Level.DEBUG) {
      ours.setLevel(Level.WARN);
      // Warns of a state directory that is temporary, which here it is meant to be.
      ((Logger) LoggerFactory.getLogger("org.apache.kafka.streams.processor.internals"))
          .setLevel(Level.ERROR);
    }
  }

  private void print(Outcomes.Seen seen) {
    if (json) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(JsonOutcome.line(seen.id(), seen.outcome()));
      out.flush();
    }
  }

  private void print(PrintWriter out, List<Outcomes.Seen> outcomes, Totals totals) {
    if (json) {
      out.println(totals.json());
    } else {
      DemoTable.render(outcomes, Progress.columns()).forEach(out::println);
      out.println();
      totals.lines().forEach(out::println);
    }
    out.flush();
  }

  private static void report(List<String> faults) {
    if (!faults.isEmpty()) {
      throw CommandException.failure(
          "exactly-once does not hold:\n  - " + String.join("\n  - ", faults));
    }
  }

  /**
   * {@link System#nanoTime} at which this JVM began. Its own start counts; what the launcher did in
   * the same process before, such as building, does not.
   */
  private static long startedNanos() {
    long now = System.nanoTime();
    long running = ManagementFactory.getRuntimeMXBean().getUptime();
    return now - TimeUnit.MILLISECONDS.toNanos(running);
  }
}
