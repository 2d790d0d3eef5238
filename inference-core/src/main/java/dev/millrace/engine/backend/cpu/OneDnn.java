package dev.millrace.engine.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The few functions of oneDNN's C interface that this backend calls, with status codes turned into
 * exceptions. Handles and pointers are plain addresses.
 *
 * <p>Called directly rather than through generated classes: a call costs a dozen nanoseconds, no
 * second native library is needed, and nothing is allocated per call. Every thread that creates or
 * runs a primitive first calls {@link #useThisThreadOnly}, so that the library starts no threads of
 * its own and no sum is split between threads. Thread-safe after construction.
 */
@SuppressWarnings("restricted") // native memory and calls are what this class is for
final class OneDnn {

  static final int F32 = 3;
  static final int BF16 = 2;
  static final int ARG_SRC = 1;
  static final int ARG_DST = 17;
  static final int ARG_WEIGHTS = 33;
  static final int ARG_SCRATCHPAD = 80;
  static final int ISA_AVX512_BF16 = 231;
  static final int ISA_AVX512 = 39;
  static final int ISA_AVX512_AMX = 4079;

  private static final int SCRATCHPAD_USER = 1;
  private static final int QUERY_IMPLEMENTATION = 8;
  private static final int QUERY_SCRATCHPAD = 136;

  private final MethodHandle ompSetThreads;
  private final MethodHandle effectiveIsa;
  private final MethodHandle descWithTag;
  private final MethodHandle descWithStrides;
  private final MethodHandle descSize;
  private final MethodHandle descDestroy;
  private final MethodHandle attrCreate;
  private final MethodHandle attrDestroy;
  private final MethodHandle attrScratchpad;
  private final MethodHandle attrPostOps;
  private final MethodHandle postOpsCreate;
  private final MethodHandle postOpsDestroy;
  private final MethodHandle postOpsSum;
  private final MethodHandle matmulDesc;
  private final MethodHandle primitiveDescDestroy;
  private final MethodHandle primitiveCreate;
  private final MethodHandle primitiveDestroy;
  private final MethodHandle queryDesc;
  private final MethodHandle query;
  private final MethodHandle memoryCreate;
  private final MethodHandle memoryDestroy;
  private final MethodHandle memorySetHandle;
  private final MethodHandle execute;
  private final MethodHandle streamCreate;
  private final MethodHandle streamDestroy;
  private final long engine;

  /**
   * Loads the library.
   *
   * @param directory holds {@code libgomp.so.1} and {@code libdnnl.so.3}
   * @throws IllegalArgumentException if a library cannot be loaded
   */
  OneDnn(Path directory) {
    SymbolLookup omp =
        SymbolLookup.libraryLookup(directory.resolve(NativeLibraries.OPENMP), Arena.global());
    SymbolLookup dnnl =
        SymbolLookup.libraryLookup(directory.resolve(NativeLibraries.ONEDNN), Arena.global());
    ompSetThreads =
        Linker.nativeLinker()
            .downcallHandle(
                omp.findOrThrow("omp_set_num_threads"), FunctionDescriptor.ofVoid(JAVA_INT));
    effectiveIsa = status(dnnl, "get_effective_cpu_isa");
    descWithTag =
        status(dnnl, "memory_desc_create_with_tag", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
    descWithStrides =
        status(
            dnnl, "memory_desc_create_with_strides", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, ADDRESS);
    descSize =
        Linker.nativeLinker()
            .downcallHandle(
                dnnl.findOrThrow("dnnl_memory_desc_get_size"),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    descDestroy = status(dnnl, "memory_desc_destroy", JAVA_LONG);
    attrCreate = status(dnnl, "primitive_attr_create", ADDRESS);
    attrDestroy = status(dnnl, "primitive_attr_destroy", JAVA_LONG);
    attrScratchpad = status(dnnl, "primitive_attr_set_scratchpad_mode", JAVA_LONG, JAVA_INT);
    attrPostOps = status(dnnl, "primitive_attr_set_post_ops", JAVA_LONG, JAVA_LONG);
    postOpsCreate = status(dnnl, "post_ops_create", ADDRESS);
    postOpsDestroy = status(dnnl, "post_ops_destroy", JAVA_LONG);
    postOpsSum = status(dnnl, "post_ops_append_sum", JAVA_LONG, JAVA_FLOAT, JAVA_INT, JAVA_INT);
    matmulDesc =
        status(
            dnnl,
            "matmul_primitive_desc_create",
            ADDRESS,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG,
            JAVA_LONG);
    primitiveDescDestroy = status(dnnl, "primitive_desc_destroy", JAVA_LONG);
    primitiveCreate = status(dnnl, "primitive_create", ADDRESS, JAVA_LONG);
    primitiveDestroy = status(dnnl, "primitive_destroy", JAVA_LONG);
    queryDesc =
        Linker.nativeLinker()
            .downcallHandle(
                dnnl.findOrThrow("dnnl_primitive_desc_query_md"),
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT));
    query = status(dnnl, "primitive_desc_query", JAVA_LONG, JAVA_INT, JAVA_INT, ADDRESS);
    memoryCreate = status(dnnl, "memory_create", ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_LONG);
    memoryDestroy = status(dnnl, "memory_destroy", JAVA_LONG);
    memorySetHandle = status(dnnl, "memory_set_data_handle", JAVA_LONG, JAVA_LONG);
    execute = status(dnnl, "primitive_execute", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    streamCreate = status(dnnl, "stream_create", ADDRESS, JAVA_LONG, JAVA_INT);
    streamDestroy = status(dnnl, "stream_destroy", JAVA_LONG);
    MethodHandle engineCreate = status(dnnl, "engine_create", ADDRESS, JAVA_INT, JAVA_LONG);
    engine =
        created("engine_create", slot -> (int) engineCreate.invokeExact(slot, /* cpu */ 1, 0L));
  }

  private static MethodHandle status(SymbolLookup library, String name, MemoryLayout... layout) {
    return Linker.nativeLinker()
        .downcallHandle(
            library.findOrThrow("dnnl_" + name), FunctionDescriptor.of(JAVA_INT, layout));
  }

  /** Keeps everything this thread creates and runs on this thread. Idempotent, cheap. */
  void useThisThreadOnly() {
    try {
      ompSetThreads.invokeExact(1);
    } catch (Throwable e) {
      throw unexpected("omp_set_num_threads", e);
    }
  }

  /** Whether all instructions of an {@code ISA_} constant are in use. */
  boolean has(int isa) {
    return (instructionSet() & isa) == isa;
  }

  /** The widest instruction set in use, in words. */
  String instructionSetName() {
    if (has(ISA_AVX512_AMX)) {
      return "amx";
    }
    if (has(ISA_AVX512_BF16)) {
      return "avx512_bf16";
    }
    return has(ISA_AVX512) ? "avx512" : "avx2";
  }

  private int instructionSet() {
    try {
      return (int) effectiveIsa.invokeExact();
    } catch (Throwable e) {
      throw unexpected("get_effective_cpu_isa", e);
    }
  }

  /** A row-major matrix whose rows start {@code stride} elements apart. */
  long matrix(int type, long rows, long columns, long stride) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment extents = arena.allocateFrom(JAVA_LONG, rows, columns);
      MemorySegment strides = arena.allocateFrom(JAVA_LONG, stride, 1);
      return created(
          "memory_desc_create_with_strides",
          slot -> (int) descWithStrides.invokeExact(slot, 2, extents, type, strides));
    }
  }

  /** A weight of [inputs, outputs] in one of the packed layouts. */
  long packed(int type, long inputs, long outputs, int tag) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment extents = arena.allocateFrom(JAVA_LONG, inputs, outputs);
      return created(
          "memory_desc_create_with_tag",
          slot -> (int) descWithTag.invokeExact(slot, 2, extents, type, tag));
    }
  }

  /** Bytes of the memory that {@code desc} describes. */
  long bytes(long desc) {
    try {
      return (long) descSize.invokeExact(desc);
    } catch (Throwable e) {
      throw unexpected("memory_desc_get_size", e);
    }
  }

  void destroyDesc(long desc) {
    check("memory_desc_destroy", () -> (int) descDestroy.invokeExact(desc));
  }

  /** Attributes of a matrix product that uses the caller's scratchpad. */
  long attributes(Epilogue epilogue) {
    long attributes = created("primitive_attr_create", slot -> (int) attrCreate.invokeExact(slot));
    check(
        "primitive_attr_set_scratchpad_mode",
        () -> (int) attrScratchpad.invokeExact(attributes, SCRATCHPAD_USER));
    if (epilogue == Epilogue.ADD) {
      long ops = created("post_ops_create", slot -> (int) postOpsCreate.invokeExact(slot));
      check("post_ops_append_sum", () -> (int) postOpsSum.invokeExact(ops, 1f, 0, F32));
      check("primitive_attr_set_post_ops", () -> (int) attrPostOps.invokeExact(attributes, ops));
      check("post_ops_destroy", () -> (int) postOpsDestroy.invokeExact(ops));
    }
    return attributes;
  }

  void destroyAttributes(long attributes) {
    check("primitive_attr_destroy", () -> (int) attrDestroy.invokeExact(attributes));
  }

  /** The plan of {@code dst = src * weights}, all two-dimensional. */
  long matmulPlan(long src, long weights, long dst, long attributes) {
    return created(
        "matmul_primitive_desc_create",
        slot -> (int) matmulDesc.invokeExact(slot, engine, src, weights, 0L, dst, attributes));
  }

  /** Bytes of scratchpad that a plan needs. */
  long scratchpadBytes(long plan) {
    return bytes(scratchpadDesc(plan));
  }

  /** Describes the scratchpad of a plan; belongs to the plan. */
  long scratchpadDesc(long plan) {
    try {
      return (long) queryDesc.invokeExact(plan, QUERY_SCRATCHPAD, 0);
    } catch (Throwable e) {
      throw unexpected("primitive_desc_query_md", e);
    }
  }

  /** Name of the implementation that was chosen for a plan. */
  String implementation(long plan) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slot = arena.allocate(ADDRESS);
      check(
          "primitive_desc_query",
          () -> (int) query.invokeExact(plan, QUERY_IMPLEMENTATION, 0, slot));
      return slot.get(ADDRESS, 0).reinterpret(256).getString(0);
    }
  }

  long primitive(long plan) {
    return created("primitive_create", slot -> (int) primitiveCreate.invokeExact(slot, plan));
  }

  void destroyPlan(long plan) {
    check("primitive_desc_destroy", () -> (int) primitiveDescDestroy.invokeExact(plan));
  }

  void destroyPrimitive(long primitive) {
    check("primitive_destroy", () -> (int) primitiveDestroy.invokeExact(primitive));
  }

  /** A memory object over {@code address}. */
  long memory(long desc, long address) {
    return created(
        "memory_create", slot -> (int) memoryCreate.invokeExact(slot, desc, engine, address));
  }

  void destroyMemory(long memory) {
    check("memory_destroy", () -> (int) memoryDestroy.invokeExact(memory));
  }

  /** Points a memory object elsewhere. */
  void pointAt(long memory, long address) {
    int status;
    try {
      status = (int) memorySetHandle.invokeExact(memory, address);
    } catch (Throwable e) {
      throw unexpected("memory_set_data_handle", e);
    }
    if (status != 0) {
      throw failed("memory_set_data_handle", status);
    }
  }

  long stream() {
    return created("stream_create", slot -> (int) streamCreate.invokeExact(slot, engine, 1));
  }

  void destroyStream(long stream) {
    check("stream_destroy", () -> (int) streamDestroy.invokeExact(stream));
  }

  /**
   * Runs a primitive on this thread; returns when it is done.
   *
   * @param arguments {@code count} pairs of argument index (int, padded to 8 bytes) and memory
   */
  void execute(long primitive, long stream, int count, long arguments) {
    int status;
    try {
      status = (int) execute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable e) {
      throw unexpected("primitive_execute", e);
    }
    if (status != 0) {
      throw failed("primitive_execute", status);
    }
  }

  private interface Call {
    int run() throws Throwable;
  }

  private interface Creation {
    int run(MemorySegment slot) throws Throwable;
  }

  private static void check(String function, Call call) {
    int status;
    try {
      status = call.run();
    } catch (Throwable e) {
      throw unexpected(function, e);
    }
    if (status != 0) {
      throw failed(function, status);
    }
  }

  private static long created(String function, Creation creation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment slot = arena.allocate(ADDRESS);
      check(function, () -> creation.run(slot));
      return slot.get(JAVA_LONG, 0);
    }
  }

  private static IllegalStateException failed(String function, int status) {
    String meaning =
        switch (status) {
          case 1 -> "out of memory";
          case 2 -> "invalid arguments";
          case 3 -> "not available on this processor";
          case 5 -> "runtime error";
          default -> "see dnnl_status_t";
        };
    return new IllegalStateException(
        String.format(
            Locale.ROOT, "oneDNN: dnnl_%s returned status %d (%s)", function, status, meaning));
  }

  private static IllegalStateException unexpected(String function, Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return new IllegalStateException("oneDNN: calling " + function + " failed", cause);
  }
}
