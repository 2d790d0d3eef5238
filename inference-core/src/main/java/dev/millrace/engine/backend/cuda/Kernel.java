package dev.millrace.engine.backend.cuda;

import jcuda.driver.CUfunction;

/**
 * A kernel of the loaded module.
 *
 * @param name as in the sources
 * @param index its number in the module
 * @param handle the driver's
 */
record Kernel(String name, int index, CUfunction handle) {

  /** Puts a launch into a stream. The arguments are copied at once. */
  void launch(Grid grid, Arguments arguments, CudaStream stream) {
    Driver.launch(handle, name, grid, arguments.table(), stream.handle());
  }
}
