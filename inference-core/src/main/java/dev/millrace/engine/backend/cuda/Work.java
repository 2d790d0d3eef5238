package dev.millrace.engine.backend.cuda;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;

/**
 * The launches of the engine, in order, on one stream. A step may be deferred: its launches are
 * then only written down, and {@link #flush} runs them as one graph if the very same launches came
 * before. Kernels read what changes from step to step out of device memory, so steps of one size do
 * repeat. Owned by the engine thread.
 */
final class Work implements CudaContext.Resource {

  /** Steps that are remembered; more of them means that they do not repeat. */
  private static final int GRAPHS_MAX = 256;

  private final KernelModule module;
  private final CudaStream stream;
  private final Arguments arguments = new Arguments();
  private final Arguments replayed = new Arguments();
  private final LaunchTape tape = new LaunchTape();
  private final Map<LaunchTape.Content, Captured> known = new HashMap<>();
  private boolean deferring;
  private long graphLaunches;

  /** The graph of a step that was seen, for the next time. */
  private static final class Captured {
    private final CUgraph graph;
    private final CUgraphExec executable;

    Captured(CUgraph graph, CUgraphExec executable) {
      this.graph = graph;
      this.executable = executable;
    }

    void close() {
      Driver.destroy(executable);
      Driver.destroy(graph);
    }
  }

  /** Borrows both. */
  Work(KernelModule module, CudaStream stream) {
    this.module = module;
    this.stream = stream;
  }

  Kernel kernel(String name) {
    return module.kernel(name);
  }

  /** An empty block of arguments, valid until the next call. */
  Arguments arguments() {
    return arguments.clear();
  }

  /** The block of arguments as it is, to be continued. */
  Arguments more() {
    return arguments;
  }

  /** Launches a kernel with what was put into {@link #arguments}, now or at the next flush. */
  void launch(Kernel kernel, Grid grid) {
    if (deferring) {
      tape.add(kernel, grid, arguments);
    } else {
      kernel.launch(grid, arguments, stream);
    }
  }

  /** Begins to defer: nothing runs until {@link #flush}. */
  void defer() {
    flush();
    deferring = true;
  }

  /** Starts whatever was deferred, and defers no more. */
  void flush() {
    deferring = false;
    if (tape.isEmpty()) {
      return;
    }
    LaunchTape.Content content = tape.content();
    Captured captured = known.get(content);
    if (captured != null) {
      Driver.launch(captured.executable, stream.handle());
      graphLaunches++;
    } else {
      tape.play(module, replayed, stream);
      remember(content);
    }
    tape.clear();
  }

  /** Captures what has just run, for the next time. */
  private void remember(LaunchTape.Content content) {
    if (known.size() == GRAPHS_MAX) {
      return;
    }
    Driver.beginCapture(stream.handle());
    CUgraph graph;
    try {
      tape.play(module, replayed, stream);
    } finally {
      graph = Driver.endCapture(stream.handle());
    }
    CUgraphExec executable = Driver.instantiate(graph);
    Driver.upload(executable, stream.handle());
    known.put(content, new Captured(graph, executable));
  }

  /** Graphs launched so far. */
  long graphLaunches() {
    return graphLaunches;
  }

  /** Graphs captured so far. */
  int graphs() {
    return known.size();
  }

  @Override
  public void close() {
    known.values().forEach(Captured::close);
    known.clear();
    arguments.close();
    replayed.close();
  }
}
