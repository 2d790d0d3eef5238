/**
 * The operations of a decoder on an NVIDIA GPU, through the CUDA driver. The only package that
 * makes CUDA calls.
 *
 * <p>From the bottom up: CudaLibrary finds the driver and the Java bindings; Driver has one checked
 * method per call that is used; CudaContext, DevicePool, PinnedBuffer, CudaStream, KernelModule and
 * LaunchTape own what the driver hands out; CudaBackend and its parts know the model's operations.
 * The kernels come from the module {@code kernels}. On a machine without a GPU the same code runs
 * on a library that stands in for the driver and executes the kernels on the processor.
 */
@NullMarked
package dev.millrace.engine.backend.cuda;

import org.jspecify.annotations.NullMarked;
