package dev.millrace.streams.processor;

/** Tells the monitor what a stream task has in work, not too often. Owned by the stream thread. */
final class LoadReport {
  private static final long EVERY_MILLIS = 1000;

  private final ProcessorMonitor monitor;
  private final String task;
  private final PendingStore store;
  private final InFlight inFlight;
  private final OrderKeeper order;
  private long toldMillis;
  private boolean toldAwaiting;

  LoadReport(
      ProcessorMonitor monitor,
      String task,
      PendingStore store,
      InFlight inFlight,
      OrderKeeper order) {
    this.monitor = monitor;
    this.task = task;
    this.store = store;
    this.inFlight = inFlight;
    this.order = order;
  }

  /** Tells if it is time, or if something else is known about the registry or the end of work. */
  void look(long nowMillis) {
    boolean changed = store.size() == 0 || toldAwaiting != (inFlight.awaitingRegistry() > 0);
    if (changed || nowMillis - toldMillis >= EVERY_MILLIS) {
      tell(nowMillis);
    }
  }

  /** Tells now. */
  void tell(long nowMillis) {
    toldMillis = nowMillis;
    toldAwaiting = inFlight.awaitingRegistry() > 0;
    long oldest = inFlight.oldestFirstSeenMillis();
    if (oldest == 0 && store.size() > 0) {
      Envelope first = store.firstParked();
      oldest = first == null ? 0 : first.firstSeenMillis();
    }
    monitor.load(
        task,
        new ProcessorMonitor.Load(
            store.size(),
            store.size() - inFlight.size(),
            inFlight.submitted(),
            order.held(),
            inFlight.awaitingRegistry(),
            oldest));
  }
}
