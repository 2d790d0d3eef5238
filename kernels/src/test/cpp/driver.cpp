#include "driver.h"

#include <dlfcn.h>

#include <fstream>
#include <iterator>
#include <map>

#include "harness.h"

namespace {

constexpr int ATTRIBUTE_MAJOR = 75, ATTRIBUTE_MINOR = 76, MAX_DYNAMIC_SHARED = 8;
constexpr size_t SHARED_DEFAULT = 48 << 10;

Driver loaded{};
void* context = nullptr;
std::vector<std::string> image_paths;
std::vector<std::string> images;
std::vector<void*> modules;
std::map<std::string, void*> functions;
std::vector<unsigned long long> allocations;

template <class F>
void find(F*& out, const char* name) {
  out = reinterpret_cast<F*>(dlsym(loaded.library, name));
  if (!out) throw Failure(std::string("the driver library has no ") + name);
}

}  // namespace

void open_driver(const std::string& path) {
  loaded.library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!loaded.library) throw Failure(std::string("cannot open the driver: ") + dlerror());
  find(loaded.init, "cuInit");
  find(loaded.device_get, "cuDeviceGet");
  find(loaded.device_attribute, "cuDeviceGetAttribute");
  find(loaded.context_create, "cuCtxCreate_v2");
  find(loaded.context_destroy, "cuCtxDestroy_v2");
  find(loaded.synchronize, "cuCtxSynchronize");
  find(loaded.error_name, "cuGetErrorName");
  find(loaded.error_string, "cuGetErrorString");
  find(loaded.module_load, "cuModuleLoadData");
  find(loaded.module_function, "cuModuleGetFunction");
  find(loaded.function_attribute, "cuFuncSetAttribute");
  find(loaded.allocate, "cuMemAlloc_v2");
  find(loaded.free, "cuMemFree_v2");
  find(loaded.to_device, "cuMemcpyHtoD_v2");
  find(loaded.to_host, "cuMemcpyDtoH_v2");
  find(loaded.launch, "cuLaunchKernel");
  find(loaded.encode_tiled, "cuTensorMapEncodeTiled");
  loaded.emulator_reset = reinterpret_cast<void (*)()>(dlsym(loaded.library, "millrace_emulator_reset"));
  check(loaded.init(0), "cuInit");
}

const Driver& driver() { return loaded; }

void check(int code, const std::string& what) {
  if (!code) return;
  const char *name = nullptr, *text = nullptr;
  loaded.error_name(code, &name);
  loaded.error_string(code, &text);
  throw Failure(what + ": " + (name ? name : std::to_string(code)) + ", " + (text ? text : "no text"));
}

void open_context() {
  check(loaded.context_create(&context, 0, 0), "cuCtxCreate");
  for (size_t i = 0; i < images.size(); i++) {
    void* module = nullptr;
    check(loaded.module_load(&module, images[i].data()), "loading " + image_paths[i]);
    modules.push_back(module);
  }
}

void close_context() {
  functions.clear();
  modules.clear();
  allocations.clear();
  loaded.context_destroy(context);
}

void add_image(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure("cannot read the image " + path);
  images.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  image_paths.push_back(path);
}

void end_case(bool failed) {
  // A case that expects an error leaves it behind just as one that fails.
  if (failed || loaded.synchronize()) {
    if (loaded.emulator_reset) {
      loaded.emulator_reset();
    } else {
      close_context();
      open_context();
      return;
    }
  }
  for (unsigned long long address : allocations) loaded.free(address);
  allocations.clear();
}

bool Device::emulated() const { return loaded.emulator_reset != nullptr; }

int Device::compute_capability() const {
  int major = 0, minor = 0;
  check(loaded.device_attribute(&major, ATTRIBUTE_MAJOR, 0), "cuDeviceGetAttribute");
  check(loaded.device_attribute(&minor, ATTRIBUTE_MINOR, 0), "cuDeviceGetAttribute");
  return 10 * major + minor;
}

void Device::needs_hopper() const {
  if (compute_capability() != 90) {
    throw Skipped("needs TMA and wgmma of compute capability 9.0, this device has " +
                  std::to_string(compute_capability() / 10) + "." + std::to_string(compute_capability() % 10));
  }
}

uint64_t Device::allocate(size_t bytes) {
  unsigned long long address = 0;
  check(loaded.allocate(&address, bytes), "cuMemAlloc of " + std::to_string(bytes) + " bytes");
  allocations.push_back(address);
  return address;
}
void Device::write(uint64_t to, const void* from, size_t bytes) {
  check(loaded.to_device(to, from, bytes), "cuMemcpyHtoD");
}
void Device::read(void* to, uint64_t from, size_t bytes) { check(loaded.to_host(to, from, bytes), "cuMemcpyDtoH"); }

void* Device::symbol(const std::string& name) {
  void* s = dlsym(loaded.library, name.c_str());
  if (!s) throw Failure("the driver library has no " + name);
  return s;
}
void Device::call(const std::string& name, const std::function<int(void*)>& with) { check(with(symbol(name)), name); }

void Device::recover() {
  if (loaded.emulator_reset) loaded.emulator_reset();
}

void* Device::function(const std::string& kernel) {
  void*& f = functions[kernel];
  for (size_t i = 0; !f && i < modules.size(); i++) {
    const int code = loaded.module_function(&f, modules[i], kernel.c_str());
    if (code) f = nullptr;
    if (code && i + 1 == modules.size()) check(code, "kernel " + kernel);
  }
  return f;
}

void Device::run(const std::string& kernel, Dim grid, Dim block, size_t shared, void** arguments) {
  void* f = function(kernel);
  if (shared > SHARED_DEFAULT) {
    check(loaded.function_attribute(f, MAX_DYNAMIC_SHARED, static_cast<int>(shared)), "shared memory of " + kernel);
  }
  check(loaded.launch(f, grid.x, grid.y, grid.z, block.x, block.y, block.z, static_cast<unsigned>(shared), nullptr,
                      arguments, nullptr),
        "launch of " + kernel);
  check(loaded.synchronize(), kernel);
}

TensorMapBytes Device::tensor_map(int element, uint64_t address, const std::vector<uint64_t>& dims,
                                  const std::vector<uint64_t>& strides, const std::vector<uint32_t>& box, int swizzle) {
  TensorMapBytes map{};
  const std::vector<uint32_t> ones(dims.size(), 1);
  const int mode = swizzle == 128 ? 3 : swizzle == 64 ? 2 : swizzle == 32 ? 1 : 0;
  check(loaded.encode_tiled(&map, element, static_cast<unsigned>(dims.size()), reinterpret_cast<void*>(address),
                            dims.data(), strides.data(), box.data(), ones.data(), 0, mode, 0, 0),
        "cuTensorMapEncodeTiled");
  return map;
}
