package dev.millrace.engine.device;

import dev.millrace.engine.EngineException;
import dev.millrace.engine.backend.ComputeDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that touches a device: opens it, loads models into it, runs their steps in turn,
 * and closes it when the last model has gone.
 *
 * <p>Other threads hand it commands and wake it.
 */
final class DeviceThread {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceThread.class);

  private final Supplier<ComputeDevice> opener;
  private final Thread thread;
  private final Queue<Command> commands = new ConcurrentLinkedQueue<>();
  private volatile boolean idle;
  private volatile boolean ended;

  // ---- of the engine thread
  private final List<DeviceEngine> engines = new ArrayList<>();
  private final List<DeviceEngine> ready = new ArrayList<>();
  private final List<DeviceEngine> last = new ArrayList<>();
  private final Turns<DeviceEngine> turns = new Turns<>();
  private @Nullable ComputeDevice device;

  /** Something to do on the engine thread. */
  private record Command(Runnable work, CompletableFuture<?> result) {}

  private DeviceThread(String name, Supplier<ComputeDevice> opener) {
    this.opener = opener;
    thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
  }

  /**
   * Starts a device's thread and loads models; the thread ends with the last of them.
   *
   * @param opener called on the new thread
   * @throws EngineException if a model cannot be loaded; the thread has ended then
   */
  static List<DeviceEngine> start(
      String name, Supplier<ComputeDevice> opener, List<Tenant> tenants, LongSupplier nanoClock) {
    DeviceThread started = new DeviceThread(name, opener);
    started.thread.start();
    try {
      return started.add(tenants, nanoClock);
    } catch (RuntimeException | Error e) {
      started.awaitEnd();
      throw e;
    }
  }

  // ---- any other thread

  /**
   * Loads models beside those that are there, whose steps wait meanwhile.
   *
   * @throws EngineException if one cannot be loaded; the others are as before
   */
  List<DeviceEngine> add(List<Tenant> tenants, LongSupplier nanoClock) {
    return call(() -> load(tenants, nanoClock));
  }

  /**
   * Runs something between two steps and waits for its result.
   *
   * @throws EngineException if the thread has ended, or as {@code work} says
   */
  <T> T call(Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Command command =
        new Command(
            () -> {
              try {
                result.complete(work.get());
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            result);
    commands.add(command);
    wake();
    if (ended && commands.remove(command)) {
      throw gone();
    }
    try {
      return result.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof EngineException known) {
        throw known;
      }
      throw new EngineException("the engine cannot start: " + cause, e);
    }
  }

  /** Waits until an engine has taken in what was submitted and cancelled, or has ended. */
  void settle(DeviceEngine engine) {
    try {
      call(engine::takeIn);
    } catch (EngineException e) {
      LOG.debug("an engine that ended has nothing unfinished: {}", e.getMessage());
    }
  }

  private static EngineException gone() {
    return new EngineException("the device was closed with its last model; open it again");
  }

  /** Lets the thread look for work. */
  void wake() {
    if (idle) {
      LockSupport.unpark(thread);
    }
  }

  boolean isCurrent() {
    return Thread.currentThread().equals(thread);
  }

  /** Waits for the end of the thread. */
  void awaitEnd() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the engine thread

  private void run() {
    try {
      park();
      do {
        for (Command next = commands.poll(); next != null; next = commands.poll()) {
          next.work().run();
        }
        removeEnded();
        if (!engines.isEmpty() && !turn()) {
          park();
        }
      } while (!engines.isEmpty());
    } finally {
      closeDevice();
      ended = true;
      for (Command late = commands.poll(); late != null; late = commands.poll()) {
        late.result().completeExceptionally(gone());
      }
      last.forEach(engine -> engine.confirmEnd(true));
    }
  }

  private List<DeviceEngine> load(List<Tenant> tenants, LongSupplier nanoClock) {
    if (device == null) {
      device = opener.get();
    }
    long workToCome = engines.stream().mapToLong(DeviceEngine::workBytesToCome).sum();
    List<LoadedModel> models = TenantLoading.load(tenants, device, workToCome);
    List<DeviceEngine> added = new ArrayList<>();
    try {
      for (int i = 0; i < models.size(); i++) {
        added.add(new DeviceEngine(this, tenants.get(i), models.get(i), nanoClock));
      }
    } catch (RuntimeException | Error e) {
      models.forEach(LoadedModel::close);
      throw e;
    }
    for (int i = 0; i < added.size(); i++) {
      turns.add(added.get(i), tenants.get(i).turnShare());
      engines.add(added.get(i));
    }
    return added;
  }

  /** One step of the model whose turn it is; false if there is nothing to do. */
  private boolean turn() {
    ready.clear();
    for (DeviceEngine engine : engines) {
      if (engine.takeIn()) {
        ready.add(engine);
      }
    }
    if (ready.isEmpty()) {
      return false;
    }
    DeviceEngine next = turns.next(ready);
    turns.charge(next, next.step());
    return true;
  }

  private void removeEnded() {
    List<DeviceEngine> gone = engines.stream().filter(engine -> !engine.isRunning()).toList();
    for (DeviceEngine engine : gone) {
      engines.remove(engine);
      turns.remove(engine);
      engine.end();
      if (engines.isEmpty()) {
        last.add(engine);
      } else {
        engine.confirmEnd(false);
      }
    }
  }

  /** Sleeps until there is something to do. Whoever adds something looks at {@code idle} after. */
  private void park() {
    idle = true;
    while (commands.isEmpty() && engines.stream().noneMatch(DeviceEngine::hasNews)) {
      LockSupport.park(this);
    }
    idle = false;
  }

  private void closeDevice() {
    if (device != null) {
      try {
        device.close();
      } catch (RuntimeException e) {
        LOG.warn("closing the device failed", e);
      }
    }
  }
}
