// Driver API: modules, functions, launches, tensor maps.
#include <string.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "driver.h"
#include "memory.h"
#include "modules.h"
#include "pool.h"
#include "streams.h"

namespace {

constexpr int ATTRIBUTE_MAX_THREADS = 0, ATTRIBUTE_BINARY_VERSION = 6, ATTRIBUTE_MAX_DYNAMIC_SHARED = 8;
constexpr int SHARED_MAX = 227 << 10;

// Arguments that look like pointers must point to memory the device can reach.
Fault check_arguments(const Function& function, const char* arguments) {
  for (size_t i = 0; i < function.parameters.size(); i++) {
    if (!function.parameters[i].pointer) continue;
    uint64_t address;
    memcpy(&address, arguments + function.parameters[i].offset, sizeof address);
    Span span;
    // One past the end is what an empty array may be.
    if (!address || find_span(address, &span) || find_span(address - 1, &span)) continue;
    return {CUDA_ERROR_ILLEGAL_ADDRESS, "argument " + std::to_string(i) + " of " + function.name +
                                            " points to no device memory: " + explain_address(address)};
  }
  return {};
}

void run(const Function& function, mr_emulated::Dim3 grid, mr_emulated::Dim3 size, size_t shared, char* arguments) {
  if (sticky_error()) return;
  Fault fault = check_arguments(function, arguments);
  if (!fault.code) {
    std::vector<void*> pointers;
    for (const Parameter& p : function.parameters) pointers.push_back(arguments + p.offset);
    mr_emulated::Launch launch;
    launch.kernel = function.name;
    launch.entry = function.entry;
    launch.arguments = pointers.data();
    launch.grid = grid;
    launch.size = size;
    launch.shared_bytes = shared;
    launch.self = function.self;
    fault = mr_emulated::run_launch(launch);
    if (!fault.code) {
      const std::string canary = check_canaries();
      if (!canary.empty()) fault = {CUDA_ERROR_ILLEGAL_ADDRESS, "wrote out of bounds: " + canary};
    }
  }
  if (fault.code) {
    fault.text = "kernel " + function.name + ": " + fault.text;
    set_sticky_error(fault);
  }
}

constexpr size_t ARGUMENT_ALIGNMENT = 64;

}  // namespace

MR_API cuModuleLoadData(void** out, const void* image) {
  MR_ENTER();
  CudaError code = CUDA_SUCCESS;
  *out = load_module(image, &code);
  return code;
}
MR_API cuModuleLoadDataEx(void** out, const void* image, unsigned options, int* names, void** values) {
  const int code = cuModuleLoadData(out, image);
  constexpr int ERROR_LOG = 5, ERROR_LOG_BYTES = 6;
  char* log = nullptr;
  size_t room = 0;
  for (unsigned i = 0; i < options; i++) {
    if (names[i] == ERROR_LOG) log = static_cast<char*>(values[i]);
    if (names[i] == ERROR_LOG_BYTES) room = static_cast<size_t>(reinterpret_cast<uintptr_t>(values[i]));
  }
  if (log && room) {
    const std::string text = code ? last_report() : "";
    strncpy(log, text.c_str(), room - 1);
    log[room - 1] = 0;
  }
  return code;
}
MR_API cuModuleLoad(void** out, const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(CUDA_ERROR_FILE_NOT_FOUND, std::string("cannot read ") + path);
  std::string image((std::istreambuf_iterator<char>(file)), {});
  return cuModuleLoadData(out, image.c_str());
}
MR_API cuModuleUnload(void* module) {
  MR_ENTER();
  streams::synchronize_all();
  delete static_cast<Module*>(module);
  return CUDA_SUCCESS;
}
MR_API cuModuleGetFunction(void** out, void* module, const char* name) {
  MR_ENTER();
  if (!module) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such module");
  CudaError code = CUDA_SUCCESS;
  *out = find_function(*static_cast<Module*>(module), name, &code);
  return code;
}
MR_API cuModuleGetGlobal_v2(CUdeviceptr*, size_t*, void*, const char* name) {
  return refuse(CUDA_ERROR_NOT_FOUND, std::string("kernels have no global variables, so no ") + name);
}
MR_API cuModuleGetLoadingMode(int* mode) {
  *mode = 1;
  return CUDA_SUCCESS;
}
MR_API cuFuncSetAttribute(void* function, int attribute, int value) {
  MR_ENTER();
  if (!function) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such function");
  if (attribute == ATTRIBUTE_MAX_DYNAMIC_SHARED) {
    if (value < 0 || value > SHARED_MAX) {
      return refuse(CUDA_ERROR_INVALID_VALUE, "dynamic shared memory of " + std::to_string(value) + " bytes, at most " +
                                                  std::to_string(SHARED_MAX));
    }
    static_cast<Function*>(function)->max_dynamic_shared = value;
  }
  return CUDA_SUCCESS;
}
MR_API cuFuncGetAttribute(int* value, int attribute, void* function) {
  MR_ENTER();
  if (!function) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such function");
  const auto* f = static_cast<Function*>(function);
  *value = attribute == ATTRIBUTE_MAX_THREADS          ? f->max_threads
           : attribute == ATTRIBUTE_MAX_DYNAMIC_SHARED ? f->max_dynamic_shared
           : attribute == ATTRIBUTE_BINARY_VERSION     ? 90
                                                       : 0;
  return CUDA_SUCCESS;
}
MR_API cuFuncSetCacheConfig(void*, int) { return CUDA_SUCCESS; }
MR_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void*, int, size_t) {
  *blocks = 1;
  return CUDA_SUCCESS;
}

MR_API cuLaunchKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                      unsigned shared, void* stream, void** parameters, void** extra) {
  MR_ENTER();
  if (!handle) return refuse(CUDA_ERROR_INVALID_HANDLE, "no such function");
  const Function& f = *static_cast<Function*>(handle);
  const auto refused = [&](const std::string& why) { return refuse(CUDA_ERROR_INVALID_VALUE, "launch of " + f.name + ": " + why); };
  const uint64_t threads = uint64_t{bx} * by * bz;
  if (!gx || !gy || !gz || gx > 0x7fffffffu || gy > 65535 || gz > 65535) {
    return refused("grid of " + std::to_string(gx) + " x " + std::to_string(gy) + " x " + std::to_string(gz));
  }
  if (!threads || threads > static_cast<uint64_t>(f.max_threads) || bz > 64) {
    return refused("block of " + std::to_string(threads) + " threads, at most " + std::to_string(f.max_threads));
  }
  if (static_cast<int>(shared) > f.max_dynamic_shared) {
    return refused("dynamic shared memory of " + std::to_string(shared) + " bytes, at most " +
                   std::to_string(f.max_dynamic_shared) + " (raise it with cuFuncSetAttribute)");
  }
  const char* block = nullptr;
  size_t block_bytes = ~size_t{0};
  for (void** e = extra; e && *e; e += 2) {
    if (*e == reinterpret_cast<void*>(1)) block = static_cast<const char*>(e[1]);
    if (*e == reinterpret_cast<void*>(2)) block_bytes = *static_cast<size_t*>(e[1]);
  }
  if (!f.parameters.empty() && !parameters && !block) return refused("no arguments");
  if (!parameters && block_bytes < f.argument_bytes) {
    return refused("argument block of " + std::to_string(block_bytes) + " bytes, " + std::to_string(f.argument_bytes) +
                   " are needed");
  }
  // Arguments are copied now, as the driver does.
  auto copy = std::make_shared<std::vector<char>>(f.argument_bytes + ARGUMENT_ALIGNMENT);
  char* const arguments = reinterpret_cast<char*>(
      (reinterpret_cast<uintptr_t>(copy->data()) + ARGUMENT_ALIGNMENT - 1) & ~(ARGUMENT_ALIGNMENT - 1));
  if (parameters) {
    for (size_t i = 0; i < f.parameters.size(); i++) {
      memcpy(arguments + f.parameters[i].offset, parameters[i], f.parameters[i].bytes);
    }
  } else if (block) {
    memcpy(arguments, block, f.argument_bytes);
  }
  return streams::push(stream, Task{f.name,
                                    [=, function = f] {
                                      (void)copy;  // keeps the arguments
                                      run(function, {gx, gy, gz}, {bx, by, bz}, shared, arguments);
                                    },
                                    {}, 0, 0});
}
MR_API cuLaunchCooperativeKernel(void* handle, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                                 unsigned bz, unsigned shared, void* stream, void** parameters) {
  return cuLaunchKernel(handle, gx, gy, gz, bx, by, bz, shared, stream, parameters, nullptr);
}

struct LaunchAttribute {
  int id, padding;
  char value[64];
};
struct LaunchConfig {
  unsigned gx, gy, gz, bx, by, bz, shared;
  void* stream;
  LaunchAttribute* attributes;
  unsigned count;
};
// Attributes: programmatic stream serialisation and priorities change nothing here; clusters are not emulated.
MR_API cuLaunchKernelEx(const LaunchConfig* c, void* handle, void** parameters, void** extra) {
  constexpr int CLUSTER_DIMENSION = 4;
  for (unsigned i = 0; i < c->count; i++) {
    if (c->attributes[i].id != CLUSTER_DIMENSION) continue;
    unsigned cluster[3];
    memcpy(cluster, c->attributes[i].value, sizeof cluster);
    if (cluster[0] * cluster[1] * cluster[2] != 1) return refuse(CUDA_ERROR_NOT_SUPPORTED, "clusters are not emulated");
  }
  return cuLaunchKernel(handle, c->gx, c->gy, c->gz, c->bx, c->by, c->bz, c->shared, c->stream, parameters, extra);
}

MR_API cuTensorMapEncodeTiled(void* out, int type, unsigned rank, void* base, const uint64_t* dims,
                              const uint64_t* strides, const uint32_t* box, const uint32_t* element_strides,
                              int interleave, int swizzle, int, int fill) {
  static const uint8_t BYTES[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2, 4, 4, 4};
  const auto refused = [](const std::string& why) { return refuse(CUDA_ERROR_INVALID_VALUE, "cuTensorMapEncodeTiled: " + why); };
  if (type < 0 || type > 12) return refused("element type " + std::to_string(type));
  if (rank < 1 || rank > 5) return refused("rank " + std::to_string(rank));
  if (interleave) return refuse(CUDA_ERROR_NOT_SUPPORTED, "cuTensorMapEncodeTiled: interleaving is not emulated");
  if (swizzle < 0 || swizzle > 3) return refuse(CUDA_ERROR_NOT_SUPPORTED, "cuTensorMapEncodeTiled: swizzle " + std::to_string(swizzle) + " is not emulated");
  if (reinterpret_cast<uintptr_t>(out) % 64) return refused("the map itself is not aligned to 64 bytes");
  if (reinterpret_cast<uintptr_t>(base) % 16) return refused("the tensor is not aligned to 16 bytes");
  TensorMap map;
  map.magic = TensorMap::MAGIC;
  map.base = reinterpret_cast<uint64_t>(base);
  map.rank = static_cast<uint8_t>(rank);
  map.element = BYTES[type];
  map.swizzle = static_cast<uint8_t>(swizzle);
  map.nan_fill = fill != 0;
  uint64_t extent = map.element;
  for (unsigned i = 0; i < rank; i++) {
    const std::string which = " of dimension " + std::to_string(i);
    if (!dims[i] || dims[i] > uint64_t{1} << 32) return refused("size " + std::to_string(dims[i]) + which);
    if (!box[i] || box[i] > 256) return refused("box " + std::to_string(box[i]) + which + ", at most 256");
    if (element_strides && element_strides[i] != 1) return refuse(CUDA_ERROR_NOT_SUPPORTED, "cuTensorMapEncodeTiled: element strides are not emulated");
    map.dims[i] = dims[i];
    map.box[i] = static_cast<uint16_t>(box[i]);
    if (i) {
      if (strides[i - 1] % 16 || strides[i - 1] >= uint64_t{1} << 40) {
        return refused("stride " + std::to_string(strides[i - 1]) + which + " is no multiple of 16 below 2^40");
      }
      map.strides[i - 1] = strides[i - 1];
    }
    extent += (dims[i] - 1) * (i ? strides[i - 1] : map.element);
  }
  const uint32_t row = map.box[0] * map.element;
  if (row % 16) return refused("a box row of " + std::to_string(row) + " bytes is no multiple of 16");
  const uint32_t limit = swizzle == 3 ? 128 : swizzle == 2 ? 64 : swizzle == 1 ? 32 : 1024;
  if (row > limit) return refused("a box row of " + std::to_string(row) + " bytes does not fit the swizzle's " + std::to_string(limit));
  // Not checked by the real driver: the hardware would fault at the first use.
  const std::string why = check_span(map.base, extent, Place::DEVICE);
  if (!why.empty()) return refused("the tensor: " + why);
  memset(out, 0, 128);
  memcpy(out, &map, sizeof map);
  return CUDA_SUCCESS;
}
