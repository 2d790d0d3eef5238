package dev.millrace.engine.backend.cuda;

import dev.millrace.engine.backend.cuda.Ledger.Kind;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * The driver's calls, one method each; every result is checked and becomes a {@link CudaError} that
 * says what was being done, but for those of releases, which are counted. Addresses are longs,
 * sizes bytes. Stateless; the calls act on the calling thread's current context.
 */
final class Driver {

  private static final int NAME_BYTES = 256;

  private static final Ledger LEDGER = new Ledger();

  private Driver() {}

  /** What was created through these methods and is not yet destroyed. */
  static Ledger ledger() {
    return LEDGER;
  }

  private static void check(int result, String doing) {
    if (result != CUresult.CUDA_SUCCESS) {
      throw error(result, doing);
    }
  }

  /**
   * Takes note of a release. It fails only after the device did, which was told then; what it held
   * goes with its context.
   */
  private static void released(Kind kind, int result) {
    LEDGER.closed(kind, result == CUresult.CUDA_SUCCESS);
  }

  private static CudaError error(int result, String doing) {
    String[] text = {""};
    JCudaDriver.cuGetErrorString(result, text);
    return new CudaError(
        result, doing, CUresult.stringFor(result), text[0] == null ? "no text" : text[0]);
  }

  // ---- the driver and its devices

  static void initialise() {
    check(JCudaDriver.cuInit(0), "start the CUDA driver");
  }

  /** 1000 * major + 10 * minor of the newest CUDA it supports. */
  static int version() {
    int[] version = new int[1];
    check(JCudaDriver.cuDriverGetVersion(version), "ask the driver for its version");
    return version[0];
  }

  static int deviceCount() {
    int[] count = new int[1];
    check(JCudaDriver.cuDeviceGetCount(count), "count GPUs");
    return count[0];
  }

  static CUdevice device(int ordinal) {
    CUdevice device = new CUdevice();
    check(JCudaDriver.cuDeviceGet(device, ordinal), "find GPU " + ordinal);
    return device;
  }

  static String deviceName(CUdevice device) {
    byte[] name = new byte[NAME_BYTES];
    check(JCudaDriver.cuDeviceGetName(name, name.length, device), "ask for the GPU's name");
    int end = 0;
    while (end < name.length && name[end] != 0) {
      end++;
    }
    return new String(name, 0, end, StandardCharsets.UTF_8);
  }

  static int deviceAttribute(CUdevice device, int attribute) {
    int[] value = new int[1];
    check(
        JCudaDriver.cuDeviceGetAttribute(value, attribute, device),
        "ask for GPU attribute " + attribute);
    return value[0];
  }

  static long deviceMemory(CUdevice device) {
    long[] bytes = new long[1];
    check(JCudaDriver.cuDeviceTotalMem(bytes, device), "ask for the GPU's memory");
    return bytes[0];
  }

  // ---- context

  static CUcontext createContext(CUdevice device) {
    CUcontext context = new CUcontext();
    check(JCudaDriver.cuCtxCreate(context, 0, device), "create a context on the GPU");
    LEDGER.opened(Kind.CONTEXT);
    return context;
  }

  static void destroy(CUcontext context) {
    released(Kind.CONTEXT, JCudaDriver.cuCtxDestroy(context));
  }

  static void makeCurrent(CUcontext context) {
    check(JCudaDriver.cuCtxSetCurrent(context), "use the GPU from this thread");
  }

  // ---- memory

  /** Free and total bytes of the device. */
  record Memory(long free, long total) {

    /** The same when {@code bytes} of what is free are spoken for. */
    Memory without(long bytes) {
      return new Memory(Math.max(0, free - bytes), total);
    }
  }

  static Memory memory() {
    long[] free = new long[1];
    long[] total = new long[1];
    check(JCudaDriver.cuMemGetInfo(free, total), "ask for free GPU memory");
    return new Memory(free[0], total[0]);
  }

  /** Allocates device memory; its address. */
  static long allocate(long bytes) {
    AddressedPointer pointer = new AddressedPointer();
    int result = JCudaDriver.cuMemAlloc(pointer, bytes);
    if (result != CUresult.CUDA_SUCCESS) {
      throw error(
          result,
          String.format(Locale.ROOT, "allocate %d bytes on the GPU", bytes) + shortage(result));
    }
    LEDGER.openedMemory(pointer.address(), bytes);
    return pointer.address();
  }

  /** What a reader needs to know of memory that is used up. */
  private static String shortage(int result) {
    if (result != CUresult.CUDA_ERROR_OUT_OF_MEMORY) {
      return "";
    }
    Memory memory = memory();
    return " (of its %s %s are free, this process holds %s)"
        .formatted(
            Bytes.of(memory.total()), Bytes.of(memory.free()), Bytes.of(LEDGER.deviceBytes()));
  }

  static void free(long address) {
    int result = JCudaDriver.cuMemFree(at(address));
    LEDGER.closedMemory(address, result == CUresult.CUDA_SUCCESS);
  }

  /** Allocates page-locked host memory, at most 1 GiB: JCuda wraps it in a buffer. Its address. */
  static long allocateHost(long bytes) {
    HostAllocation pointer = new HostAllocation();
    check(
        JCudaDriver.cuMemHostAlloc(pointer, bytes, 0),
        String.format(Locale.ROOT, "allocate %d bytes of page-locked memory", bytes));
    LEDGER.opened(Kind.HOST_MEMORY);
    return pointer.address();
  }

  static void freeHost(long address) {
    released(Kind.HOST_MEMORY, JCudaDriver.cuMemFreeHost(new HostPointer(address)));
  }

  static void copyIn(long to, MemorySegment from, long bytes, CUstream stream) {
    check(
        JCudaDriver.cuMemcpyHtoDAsync(at(to), HostPointer.to(from), bytes, stream),
        String.format(Locale.ROOT, "copy %d bytes to the GPU", bytes));
  }

  static void copyOut(MemorySegment to, long from, long bytes, CUstream stream) {
    check(
        JCudaDriver.cuMemcpyDtoHAsync(HostPointer.to(to), at(from), bytes, stream),
        String.format(Locale.ROOT, "copy %d bytes from the GPU", bytes));
  }

  static void copyWithin(long to, long from, long bytes, CUstream stream) {
    check(
        JCudaDriver.cuMemcpyDtoDAsync(at(to), at(from), bytes, stream),
        String.format(Locale.ROOT, "copy %d bytes on the GPU", bytes));
  }

  static void fill(long to, byte value, long bytes, CUstream stream) {
    check(
        JCudaDriver.cuMemsetD8Async(at(to), value, bytes, stream),
        String.format(Locale.ROOT, "fill %d bytes on the GPU", bytes));
  }

  private static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  // ---- streams and events

  static CUstream createStream() {
    CUstream stream = new CUstream();
    check(
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "create a stream");
    LEDGER.opened(Kind.STREAM);
    return stream;
  }

  static void destroy(CUstream stream) {
    released(Kind.STREAM, JCudaDriver.cuStreamDestroy(stream));
  }

  /** Waits for all work of the stream; the first failure of any of it surfaces here. */
  static void await(CUstream stream) {
    check(JCudaDriver.cuStreamSynchronize(stream), "finish the work on the GPU");
  }

  static CUevent createEvent() {
    CUevent event = new CUevent();
    check(JCudaDriver.cuEventCreate(event, 0), "create an event");
    LEDGER.opened(Kind.EVENT);
    return event;
  }

  static void destroy(CUevent event) {
    released(Kind.EVENT, JCudaDriver.cuEventDestroy(event));
  }

  static void record(CUevent event, CUstream stream) {
    check(JCudaDriver.cuEventRecord(event, stream), "record an event");
  }

  static void await(CUevent event) {
    check(JCudaDriver.cuEventSynchronize(event), "wait for the GPU");
  }

  static void awaitOnDevice(CUstream stream, CUevent event) {
    check(JCudaDriver.cuStreamWaitEvent(stream, event, 0), "make a stream wait");
  }

  static double millisecondsBetween(CUevent from, CUevent to) {
    float[] milliseconds = new float[1];
    check(JCudaDriver.cuEventElapsedTime(milliseconds, from, to), "read a time from the GPU");
    return milliseconds[0];
  }

  // ---- modules and kernels

  static CUmodule loadModule(
      MemorySegment image, int[] options, MemorySegment values, String name) {
    CUmodule module = new CUmodule();
    check(
        JCudaDriver.cuModuleLoadDataEx(
            module, HostPointer.to(image), options.length, options, HostPointer.to(values)),
        "load the kernels " + name);
    LEDGER.opened(Kind.MODULE);
    return module;
  }

  static void unload(CUmodule module) {
    released(Kind.MODULE, JCudaDriver.cuModuleUnload(module));
  }

  static CUfunction function(CUmodule module, String name) {
    CUfunction function = new CUfunction();
    check(JCudaDriver.cuModuleGetFunction(function, module, name), "find kernel " + name);
    return function;
  }

  static void allowSharedBytes(CUfunction function, String name, int bytes) {
    check(
        JCudaDriver.cuFuncSetAttribute(
            function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
        String.format(Locale.ROOT, "let kernel %s use %d bytes of shared memory", name, bytes));
  }

  static void launch(
      CUfunction function, String name, Grid grid, Pointer arguments, CUstream stream) {
    int result =
        JCudaDriver.cuLaunchKernel(
            function,
            grid.x(),
            grid.y(),
            grid.z(),
            grid.threads(),
            1,
            1,
            grid.sharedBytes(),
            stream,
            arguments,
            null);
    if (result != CUresult.CUDA_SUCCESS) {
      throw error(result, "launch kernel %s with %s".formatted(name, grid));
    }
  }

  // ---- graphs

  static void beginCapture(CUstream stream) {
    check(
        JCudaDriver.cuStreamBeginCapture(
            stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
        "begin to capture a graph");
  }

  static CUgraph endCapture(CUstream stream) {
    CUgraph graph = new CUgraph();
    check(JCudaDriver.cuStreamEndCapture(stream, graph), "capture a graph");
    LEDGER.opened(Kind.GRAPH);
    return graph;
  }

  static CUgraphExec instantiate(CUgraph graph) {
    CUgraphExec executable = new CUgraphExec();
    check(JCudaDriver.cuGraphInstantiate(executable, graph, 0L), "make a graph executable");
    LEDGER.opened(Kind.EXECUTABLE_GRAPH);
    return executable;
  }

  static void upload(CUgraphExec graph, CUstream stream) {
    check(JCudaDriver.cuGraphUpload(graph, stream), "upload a graph");
  }

  static void launch(CUgraphExec graph, CUstream stream) {
    check(JCudaDriver.cuGraphLaunch(graph, stream), "launch a graph");
  }

  static void destroy(CUgraph graph) {
    released(Kind.GRAPH, JCudaDriver.cuGraphDestroy(graph));
  }

  static void destroy(CUgraphExec graph) {
    released(Kind.EXECUTABLE_GRAPH, JCudaDriver.cuGraphExecDestroy(graph));
  }

  /** A device address that can be read. */
  private static final class AddressedPointer extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  /** A host address that can be read. */
  private static final class HostAllocation extends Pointer {
    long address() {
      return getNativePointer();
    }
  }
}
