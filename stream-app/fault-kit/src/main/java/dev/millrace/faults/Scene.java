package dev.millrace.faults;

import dev.millrace.operations.config.Config;
import dev.millrace.operations.config.ConfigReader;
import dev.millrace.operations.config.Input;
import dev.millrace.operations.deploy.TopicDeployment;
import dev.millrace.records.SourcePosition;
import dev.millrace.servers.LocalBroker;
import dev.millrace.servers.ServerOptions;
import dev.millrace.streams.config.ApplicationSpec;
import dev.millrace.streams.topology.ApplicationTopics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Where a fault happens: a broker, instances of the application and a steady load, all of them
 * child processes of this one. Tells what is done and when, to its listener and to a file. Used by
 * one thread.
 */
final class Scene implements AutoCloseable {
  /** How long nothing may come at all: longer than any fault lasts, on a machine that is busy. */
  static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final int PARTITIONS = 4;
  private static final int DOCUMENTS_PER_SECOND = 150;
  private static final int AHEAD_MAX = 1500;
  private static final int KEYS = 200;
  private static final int DELAY_MIN_MILLIS = 5;
  private static final int DELAY_MAX_MILLIS = 200;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final Path directory;
  private final Map<String, String> settings;
  private final Consumer<String> listener;
  private final Random random;
  private final long beginNanos = System.nanoTime();
  private final LocalBroker broker;
  private final TcpProxy proxy;
  private final Config config;
  private final OutcomeWatcher watcher;
  private final SteadyLoad load;
  private final Map<String, ChildNode> nodes = new TreeMap<>();
  private final Set<String> mayEnd = new TreeSet<>();
  private final Set<String> ended = new TreeSet<>();
  private final List<Duration> recoveries = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private int faults;

  /**
   * @param directory for configurations, states and logs; stays
   * @param server the broker's options
   * @param settings of the application, on top of the scene's own
   * @param text of a document by its number
   * @param listener is told what is done
   */
  Scene(
      Path directory,
      ServerOptions server,
      Map<String, String> settings,
      IntFunction<String> text,
      long seed,
      Consumer<String> listener) {
    this.directory = directory;
    this.settings = Map.copyOf(settings);
    this.listener = listener;
    this.random = new Random(seed);
    this.proxy = TcpProxy.open();
    try {
      this.broker =
          LocalBroker.start(
              server
                  .withLogDirectory(directory)
                  .withProxy(proxy.port())
                  // A dead instance's transaction is looked for every 10 s by default.
                  .with("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000"));
    } catch (RuntimeException e) {
      proxy.close();
      throw e;
    }
    try {
      proxy.target(broker.portBehindProxy());
      this.config = read(write("load", broker.bootstrapServers(), Map.of()));
      try (TopicDeployment topics = ApplicationTopics.deployment(config)) {
        topics.create();
      }
      this.watcher = new OutcomeWatcher(config, Input.outputs(config));
      this.load = SteadyLoad.start(config, DOCUMENTS_PER_SECOND, AHEAD_MAX, KEYS, text);
    } catch (RuntimeException e) {
      broker.close();
      proxy.close();
      throw e;
    }
  }

  Random random() {
    return random;
  }

  LocalBroker broker() {
    return broker;
  }

  TcpProxy proxy() {
    return proxy;
  }

  /** Starts an instance that reaches the broker directly, and waits until all partitions move. */
  ChildNode start(String instance) {
    return start(instance, broker.bootstrapServers());
  }

  /** Starts one that reaches the broker through the proxy. */
  ChildNode startBehindProxy(String instance) {
    return start(instance, "127.0.0.1:" + proxy.port());
  }

  private ChildNode start(String instance, String bootstrapServers) {
    say("start " + instance);
    Path file = write(instance, bootstrapServers, Map.of());
    ChildNode node =
        ChildNode.start(
            directory, instance, file, DELAY_MIN_MILLIS, DELAY_MAX_MILLIS, random.nextLong());
    nodes.put(instance, node);
    awaitRunning(node, 0);
    awaitMoving();
    return node;
  }

  /** Starts an instance again after it has ended, and waits until it runs. */
  void restart(String instance) {
    say("start " + instance + " again");
    ChildNode node = node(instance);
    long before = timesRunning(node);
    node.restart();
    ended.remove(instance);
    awaitRunning(node, before);
  }

  private void awaitRunning(ChildNode node, long before) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (timesRunning(node) == before) {
      if (System.nanoTime() - deadline > 0 || !node.isAlive()) {
        throw new IllegalStateException("it does not come to run: " + node.log());
      }
      poll();
    }
  }

  /** How often it has said so: at each end of a rebalance. */
  private static long timesRunning(ChildNode node) {
    try (Stream<String> lines = Files.lines(node.log())) {
      return lines.filter(line -> line.endsWith(" running")).count();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + node.log(), e);
    }
  }

  /** Gives an instance other settings from its next start on. */
  void change(String instance, String key, String value) {
    write(instance, broker.bootstrapServers(), Map.of(key, value));
  }

  /** Where an instance keeps its state. */
  Path state(String instance) {
    return directory.resolve("state-" + instance);
  }

  /** An instance ends by itself in this play, and is started again as a supervisor does. */
  void supervise(String instance) {
    mayEnd.add(instance);
  }

  private Path write(String instance, String bootstrapServers, Map<String, String> more) {
    Map<String, String> all = new TreeMap<>();
    all.put("kafka.bootstrap.servers", bootstrapServers);
    all.put("schema.registry.url", "http://127.0.0.1:9");
    all.put("model.dir", "none");
    all.put("documents.format", "text");
    all.put("processing.order", "key");
    all.put("health.port", "0");
    all.put("app.id", "faults");
    all.put("app.instance.id", instance);
    all.put("app.state.dir", "state-" + instance);
    all.put("app.threads", "1");
    all.put("app.session.timeout", "6s");
    all.put("app.heartbeat.interval", "1s");
    all.put("app.transaction.timeout", "10s");
    all.put("app.replication.factor", "1");
    all.put("topics.replication.factor", "1");
    all.put("topics.partitions", Integer.toString(PARTITIONS));
    all.putAll(settings);
    all.putAll(more);
    StringBuilder yaml = new StringBuilder();
    all.forEach((key, value) -> yaml.append(key).append(": \"").append(value).append("\"\n"));
    try {
      return Files.writeString(directory.resolve(instance + ".yaml"), yaml);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the configuration of " + instance, e);
    }
  }

  private static Config read(Path file) {
    return ConfigReader.read(ApplicationSpec.SPEC, file, Map.of());
  }

  /** Tells what is done, with the seconds since the begin. */
  void say(String what) {
    double seconds = (System.nanoTime() - beginNanos) / 1e9;
    String line = String.format(Locale.ROOT, "%7.2f s  %s", seconds, what);
    listener.accept(line);
    try {
      Files.writeString(
          directory.resolve("schedule.txt"),
          line + System.lineSeparator(),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the schedule", e);
    }
  }

  /** Something is wrong besides what the judge finds. */
  void problem(String what) {
    say("problem: " + what);
    problems.add(what);
  }

  /** Lets time pass while documents flow: any time between the two, in milliseconds. */
  void work(int millisMin, int millisMax) {
    long end = System.nanoTime() + random.nextInt(millisMin, millisMax) * NANOS_PER_MILLI;
    while (System.nanoTime() - end < 0) {
      poll();
    }
  }

  private void poll() {
    watcher.poll();
    load.seen(watcher.count());
    nodes.forEach((instance, node) -> {
      if (!node.isAlive() && mayEnd.contains(instance)) {
        say(instance + " ended; start it again");
        node.restart();
      }
    });
  }

  /** The same moment for all that follows: what was committed before is taken. */
  private void takeWhatIsThere() {
    for (int quiet = 0; quiet < 3; quiet++) {
      watcher.poll();
    }
  }

  /** A fault began; what is new from here on tells that it is over. */
  long fault(String what) {
    say(what);
    faults++;
    return System.nanoTime();
  }

  /** Waits until each partition has an outcome again, and notes how long that took. */
  void awaitRecovery(long sinceNanos) {
    takeWhatIsThere();
    awaitMoving();
    Duration took = Duration.ofNanos(System.nanoTime() - sinceNanos);
    recoveries.add(took);
    say(
        String.format(
            Locale.ROOT, "all partitions move again after %.2f s", took.toMillis() / 1e3));
  }

  private void awaitMoving() {
    long[] before = new long[PARTITIONS];
    for (int p = 0; p < PARTITIONS; p++) {
      before[p] = watcher.count(p);
    }
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    for (int p = 0; p < PARTITIONS; p++) {
      while (watcher.count(p) == before[p]) {
        if (System.nanoTime() - deadline > 0) {
          throw new IllegalStateException(
              "partition " + p + " has had no outcome for " + PATIENCE + "; logs in " + directory);
        }
        poll();
      }
    }
  }

  /** Kills an instance as {@code kill -9} does. */
  void kill(String instance) {
    node(instance).kill();
    ended.add(instance);
  }

  /** Stops an instance; it has to end in good order. */
  void stop(String instance) {
    say("stop " + instance);
    ended.add(instance);
    if (!node(instance).stop(PATIENCE)) {
      problem(instance + " did not stop in good order");
    }
  }

  /** Waits until an instance says something at one of its probes. */
  void awaitProbe(String instance, String path, String text) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    String said = Probe.of(node(instance)).ask(path);
    while (!said.contains(text)) {
      if (System.nanoTime() - deadline > 0) {
        problem(instance + " says at " + path + ": " + said.strip() + ", expected " + text);
        return;
      }
      poll();
      said = Probe.of(node(instance)).ask(path);
    }
    say(instance + " says at " + path + ": " + said.strip());
  }

  ChildNode node(String instance) {
    ChildNode node = nodes.get(instance);
    if (node == null) {
      throw new IllegalArgumentException("no instance " + instance);
    }
    return node;
  }

  /** Ends the load, lets everything have its outcome, stops all and judges. */
  RowResult judge(String row, long seed) {
    for (var entry : nodes.entrySet()) {
      String instance = entry.getKey();
      if (!entry.getValue().isAlive() && !ended.contains(instance) && !mayEnd.contains(instance)) {
        problem(instance + " ended by itself");
      }
    }
    say("end of the load");
    Set<SourcePosition> acknowledged = load.finish();
    long heard = System.nanoTime();
    long seen = watcher.count();
    while (watcher.count() < acknowledged.size()
        && System.nanoTime() - heard < PATIENCE.toNanos()) {
      poll();
      if (watcher.count() > seen) {
        seen = watcher.count();
        heard = System.nanoTime();
      }
    }
    for (String instance : nodes.keySet()) {
      if (node(instance).isAlive()) {
        stop(instance);
      }
    }
    OutcomeChecker.Verdict verdict = new OutcomeChecker(config, acknowledged, true).check();
    problems.addAll(verdict.problems());
    problems.forEach(this::say);
    say(verdict.outcomes() + " outcomes of " + acknowledged.size() + " documents");
    return new RowResult(
        row,
        seed,
        faults,
        acknowledged.size(),
        verdict.lost(),
        verdict.duplicated(),
        verdict.condemned(),
        recoveries,
        problems,
        directory);
  }

  @Override
  public void close() {
    nodes.values().forEach(ChildNode::close);
    load.close();
    watcher.close();
    proxy.close();
    broker.close();
  }
}
