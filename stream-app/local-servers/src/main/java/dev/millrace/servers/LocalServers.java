package dev.millrace.servers;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A broker and a registry, started side by side. Immutable; owns both.
 *
 * @param broker the broker
 * @param registry the registry
 */
public record LocalServers(LocalBroker broker, LocalRegistry registry) implements AutoCloseable {

  /** Starts both with default options. */
  public static LocalServers start() {
    return start(ServerOptions.BROKER, ServerOptions.REGISTRY, StartListener.SILENT);
  }

  /**
   * Starts both and waits until both answer.
   *
   * @throws ServerStartException if one does not; the other is closed then
   */
  public static LocalServers start(
      ServerOptions broker, ServerOptions registry, StartListener listener) {
    ServerHome home = ServerHome.locate();
    home.brokerClassPath();
    home.registryJar();
    try (ExecutorService threads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name("start-server-", 0).factory())) {
      Future<LocalBroker> first = threads.submit(() -> LocalBroker.start(broker, home, listener));
      Future<LocalRegistry> second =
          threads.submit(() -> LocalRegistry.start(registry, home, listener));
      return join(threads, first, second);
    }
  }

  private static LocalServers join(
      ExecutorService threads, Future<LocalBroker> broker, Future<LocalRegistry> registry) {
    try {
      return new LocalServers(broker.get(), registry.get());
    } catch (InterruptedException e) {
      threads.shutdownNow();
      abandon(broker);
      abandon(registry);
      Thread.currentThread().interrupt();
      throw new ServerStartException("interrupted while starting the servers", e);
    } catch (ExecutionException e) {
      threads.shutdownNow();
      abandon(broker);
      abandon(registry);
      throw e.getCause() instanceof ServerStartException known
          ? new ServerStartException(String.valueOf(known.getMessage()), known)
          : new ServerStartException("cannot start the servers: " + e.getCause(), e.getCause());
    }
  }

  /** Waits for a start that was interrupted and closes what it may have started all the same. */
  private static void abandon(Future<? extends LocalServer> start) {
    boolean interrupted = false;
    while (true) {
      try {
        start.get().close();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        break;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Closes both; the registry first, for it is the quicker one. */
  @Override
  public void close() {
    try {
      registry.close();
    } finally {
      broker.close();
    }
  }
}
