package dev.millrace.faults;

import dev.millrace.faults.TcpProxy.Mode;
import dev.millrace.servers.FileTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The rows of the fault matrix and what each does. */
final class FaultRows {
  private static final int POISON = 400;

  /** Up to seven seconds until an instance knows of it, two for its threads, and some to spare. */
  private static final Duration STOP_WITHOUT_BROKER_MAX = Duration.ofSeconds(14);

  /** In the order in which they run. */
  static final List<FaultRow> ALL =
      List.of(
          FaultRow.main("app-killed", 20, FaultRows::killed),
          FaultRow.main("app-stopped", 10, FaultRows::stopped),
          FaultRow.main("app-frozen", 3, FaultRows::frozen),
          FaultRow.main("scale", 5, FaultRows::scaled),
          FaultRow.main("rolling-restart", 4, FaultRows::rolled),
          FaultRow.main("broker-killed", 8, FaultRows::brokerKilled),
          FaultRow.main("app-stopped-without-broker", 3, FaultRows::stoppedWithoutBroker),
          FaultRow.main("network", 4, FaultRows::networkBroken),
          FaultRow.more("app-killed-at-start", 12, FaultRows::killedAtStart),
          FaultRow.more("app-killed-streams-protocol", 8, FaultRows::killed)
              .with("app.group.protocol", "streams"),
          FaultRow.more("app-killed-document-time", 8, FaultRows::killed)
              .with("topics.timestamp", "document"),
          FaultRow.more("app-frozen-alone", 3, FaultRows::frozenAlone),
          FaultRow.more("broker-frozen", 3, FaultRows::brokerFrozen),
          FaultRow.more("broker-stopped", 4, FaultRows::brokerStopped),
          FaultRow.more("state-deleted", 3, FaultRows::stateDeleted),
          FaultRow.more("state-damaged", 3, FaultRows::stateDamaged),
          FaultRow.more("poison", 1, FaultRows::poisoned)
              .withText(number -> (number == POISON ? "crash " : "text ") + number));

  private FaultRows() {}

  /** {@code kill -9} under load. */
  private static void killed(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 3000);
      long since = scene.fault("kill a");
      scene.kill("a");
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  /** Killed again before it has come to itself: while it restores, joins, or begins to work. */
  private static void killedAtStart(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 2000);
      long since = scene.fault("kill a, twice");
      scene.kill("a");
      scene.node("a").restart();
      scene.work(200, 6000);
      scene.say("kill a again");
      scene.kill("a");
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  /** SIGTERM under load. */
  private static void stopped(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 2000);
      long since = scene.fault("terminate a");
      scene.stop("a");
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  /** A zombie: longer away than its session and its transaction last, then back. */
  private static void frozen(Scene scene, int rounds) {
    scene.start("a");
    scene.start("b");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 1500);
      String victim = scene.random().nextBoolean() ? "a" : "b";
      long since = scene.fault("freeze " + victim);
      scene.node(victim).freeze();
      scene.awaitRecovery(since);
      // Its transaction lives 10 s, and is looked for each second.
      scene.work(12_000, 14_000);
      scene.say("thaw " + victim);
      scene.node(victim).unfreeze();
      scene.work(2000, 4000);
    }
  }

  /** The same when nobody takes over: its own transaction is gone when it comes back. */
  private static void frozenAlone(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 1500);
      scene.say("freeze a");
      scene.node("a").freeze();
      scene.work(4000, 30_000);
      long since = scene.fault("thaw a");
      scene.node("a").unfreeze();
      scene.awaitRecovery(since);
    }
  }

  /** One, two, three instances and back, in good order and killed. */
  private static void scaled(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      long since = scene.fault("from one to three");
      if (round == 0) {
        scene.start("b");
        scene.start("c");
      } else {
        scene.restart("b");
        scene.restart("c");
      }
      scene.awaitRecovery(since);
      scene.work(500, 2000);
      since = scene.fault("terminate b");
      scene.stop("b");
      scene.awaitRecovery(since);
      since = scene.fault("kill c");
      scene.kill("c");
      scene.awaitRecovery(since);
    }
  }

  /** A new plan, instance by instance. */
  private static void rolled(Scene scene, int rounds) {
    List<String> instances = List.of("a", "b");
    instances.forEach(scene::start);
    for (int round = 0; round < rounds; round++) {
      for (String instance : instances) {
        scene.work(500, 1500);
        long since = scene.fault("replace " + instance);
        scene.stop(instance);
        scene.change(instance, "model.plan", "plan-" + round + ".yaml");
        scene.restart(instance);
        scene.awaitRecovery(since);
      }
    }
  }

  /** The application says so, and goes on by itself when the broker is back. */
  private static void brokerKilled(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 3000);
      scene.say("kill the broker");
      scene.broker().kill();
      if (round == 0) {
        scene.awaitProbe("a", "/health/ready", "no broker answers at ");
        scene.awaitProbe("a", "/health/live", "ok");
      } else {
        scene.work(50, 3000);
      }
      scene.broker().restart();
      scene.awaitRecovery(scene.fault("the broker is back"));
      scene.awaitProbe("a", "/health/ready", "ok");
    }
  }

  /** The end of an instance must not wait for a broker that is not there. */
  private static void stoppedWithoutBroker(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 2000);
      scene.say("kill the broker");
      scene.broker().kill();
      scene.work(50, 4000);
      long begin = System.nanoTime();
      scene.stop("a");
      Duration took = Duration.ofNanos(System.nanoTime() - begin);
      scene.say("stopped after " + took.toMillis() + " ms");
      if (took.compareTo(STOP_WITHOUT_BROKER_MAX) > 0) {
        scene.problem("a took " + took + " to stop without a broker");
      }
      scene.broker().restart();
      long since = scene.fault("the broker is back");
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  private static void brokerStopped(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 3000);
      scene.say("stop the broker");
      scene.broker().stop();
      scene.work(50, 8000);
      scene.broker().restart();
      scene.awaitRecovery(scene.fault("the broker is back"));
    }
  }

  /** Shorter and longer than sessions and transactions last. */
  private static void brokerFrozen(Scene scene, int rounds) {
    int[] seconds = {5, 20, 60};
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 1500);
      int last = seconds[round % seconds.length];
      scene.say("freeze the broker for " + last + " s");
      scene.broker().pause();
      scene.work(last * 1000, last * 1000 + 1);
      scene.broker().resume();
      scene.awaitRecovery(scene.fault("the broker is back"));
    }
  }

  /** The way from one instance to the broker; the load has another. */
  private static void networkBroken(Scene scene, int rounds) {
    scene.startBehindProxy("a");
    for (int round = 0; round < rounds; round++) {
      // The first session ends within the longer ones, and so does a transaction in some.
      breakNetwork(scene, Mode.CUT, 500, 4000);
      breakNetwork(scene, Mode.STALL, 1000, 14_000);
      breakNetwork(scene, Mode.HALF_OPEN, 1000, 8000);
      scene.work(200, 1000);
      scene.say("slow network");
      scene.proxy().delay(Duration.ofMillis(scene.random().nextInt(20, 150)));
      scene.work(2000, 4000);
      scene.proxy().delay(Duration.ZERO);
    }
  }

  private static void breakNetwork(Scene scene, Mode mode, int millisMin, int millisMax) {
    scene.work(200, 1500);
    scene.say("network " + mode);
    scene.proxy().mode(mode);
    scene.work(millisMin, millisMax);
    scene.proxy().mode(Mode.PASS);
    scene.awaitRecovery(scene.fault("the network is back"));
  }

  private static void stateDeleted(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 2000);
      long since = scene.fault("kill a and delete its state");
      scene.kill("a");
      delete(scene.state("a"));
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  /**
   * Every file of the stores is cut or overwritten; the instance may have stopped in good order.
   */
  private static void stateDamaged(Scene scene, int rounds) {
    scene.start("a");
    for (int round = 0; round < rounds; round++) {
      scene.work(500, 2000);
      long since = scene.fault("stop a and damage its state");
      if (scene.random().nextBoolean()) {
        scene.stop("a");
      } else {
        scene.kill("a");
      }
      files(scene.state("a")).stream()
          .filter(file -> file.toString().contains("rocksdb"))
          .forEach(file -> damage(scene, file));
      scene.restart("a");
      scene.awaitRecovery(since);
    }
  }

  /** A document that ends the process, and a supervisor that starts it again. */
  private static void poisoned(Scene scene, int rounds) {
    scene.supervise("a");
    scene.start("a");
    scene.work(rounds * 5000, rounds * 10_000);
  }

  private static List<Path> files(Path directory) {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + directory, e);
    }
  }

  private static void delete(Path directory) {
    try {
      FileTree.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + directory, e);
    }
  }

  private static void damage(Scene scene, Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      for (int i = 0; i < bytes.length; i += 1 + scene.random().nextInt(512)) {
        bytes[i] ^= 0x55;
      }
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot damage " + file, e);
    }
  }
}
