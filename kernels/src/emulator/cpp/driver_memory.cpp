// Driver API: memory, copies, fills.
#include <stdlib.h>
#include <string.h>

#include <memory>
#include <vector>

#include "driver.h"
#include "memory.h"
#include "streams.h"

namespace {

CudaError checked(CUdeviceptr address, size_t bytes, const char* call) {
  if (!bytes) return CUDA_SUCCESS;
  const std::string why = check_span(address, bytes, Place::DEVICE);
  return why.empty() ? CUDA_SUCCESS : refuse(CUDA_ERROR_INVALID_VALUE, std::string(call) + ": " + why);
}

// Host memory may be anything; if it is pinned, the bytes must lie in the buffer.
CudaError checked_host(const void* address, size_t bytes, const char* call, bool* pinned) {
  Span span;
  *pinned = find_span(reinterpret_cast<uint64_t>(address), &span);
  if (!*pinned) return CUDA_SUCCESS;
  if (span.place == Place::DEVICE) {
    return refuse(CUDA_ERROR_INVALID_VALUE, std::string(call) + ": device memory given as host memory");
  }
  const std::string why = check_span(reinterpret_cast<uint64_t>(address), bytes, Place::PINNED);
  return why.empty() ? CUDA_SUCCESS : refuse(CUDA_ERROR_INVALID_VALUE, std::string(call) + ": " + why);
}

Task copy_task(void* to, const void* from, size_t bytes) {
  return Task{"copy", [=] { if (!sticky_error()) memmove(to, from, bytes); }, {}, 0, 0};
}

CudaError host_to_device(CUdeviceptr to, const void* from, size_t bytes, void* stream, const char* call) {
  bool pinned;
  if (CudaError error = checked(to, bytes, call)) return error;
  if (CudaError error = checked_host(from, bytes, call, &pinned)) return error;
  void* const target = reinterpret_cast<void*>(to);
  if (pinned || streams::is_capturing(stream)) {
    Task task = copy_task(target, from, bytes);
    task.host_source = reinterpret_cast<uint64_t>(from);
    task.host_bytes = bytes;
    return streams::push(stream, std::move(task));
  }
  // Pageable memory is staged before the call returns, as the driver does.
  auto staged = std::make_shared<std::vector<char>>(static_cast<const char*>(from), static_cast<const char*>(from) + bytes);
  return streams::push(stream, Task{"copy", [=] { if (!sticky_error()) memcpy(target, staged->data(), bytes); }, {}, 0, 0});
}

CudaError device_to_host(void* to, CUdeviceptr from, size_t bytes, void* stream, const char* call) {
  bool pinned;
  if (CudaError error = checked(from, bytes, call)) return error;
  if (CudaError error = checked_host(to, bytes, call, &pinned)) return error;
  // Until somebody waits for the copy, what it will deliver is not there.
  if (pinned && streams::delayed() && !streams::is_capturing(stream) &&
      !streams::will_read_host(reinterpret_cast<uint64_t>(to), bytes)) {
    memset(to, 0xff, bytes);
  }
  if (CudaError error = streams::push(stream, copy_task(to, reinterpret_cast<const void*>(from), bytes))) return error;
  // A copy to pageable memory is done when the call returns.
  return pinned || streams::is_capturing(stream) ? CUDA_SUCCESS : streams::synchronize(stream);
}

CudaError device_to_device(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream, const char* call) {
  if (CudaError error = checked(to, bytes, call)) return error;
  if (CudaError error = checked(from, bytes, call)) return error;
  return streams::push(stream, copy_task(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes));
}

template <class T>
CudaError fill(CUdeviceptr to, T value, size_t count, void* stream, const char* call) {
  if (CudaError error = checked(to, count * sizeof(T), call)) return error;
  if (to % sizeof(T)) return refuse(CUDA_ERROR_INVALID_VALUE, std::string(call) + ": misaligned address");
  return streams::push(stream, Task{"fill",
                                    [=] {
                                      if (sticky_error()) return;
                                      T* p = reinterpret_cast<T*>(to);
                                      for (size_t i = 0; i < count; i++) p[i] = value;
                                    },
                                    {}, 0, 0});
}

// Unified addressing: what lies at an address says which way a copy goes.
CudaError any_copy(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream, const char* call) {
  Span span;
  const bool to_device = find_span(to, &span) && span.place == Place::DEVICE;
  const bool from_device = find_span(from, &span) && span.place == Place::DEVICE;
  if (to_device && from_device) return device_to_device(to, from, bytes, stream, call);
  if (to_device) return host_to_device(to, reinterpret_cast<const void*>(from), bytes, stream, call);
  if (from_device) return device_to_host(reinterpret_cast<void*>(to), from, bytes, stream, call);
  return refuse(CUDA_ERROR_INVALID_VALUE, std::string(call) + ": neither side is device memory");
}

}  // namespace

#define MR_SYNCHRONOUS(call)                                                       \
  MR_ENTER();                                                                      \
  if (CudaError error_ = streams::refuse_during_capture(call)) return error_

MR_API cuMemGetInfo_v2(size_t* available, size_t* total) {
  MR_ENTER();
  *available = memory_free();
  *total = memory_total();
  return CUDA_SUCCESS;
}
MR_API cuMemAlloc_v2(CUdeviceptr* out, size_t bytes) {
  MR_SYNCHRONOUS("cuMemAlloc");
  if (!bytes) return refuse(CUDA_ERROR_INVALID_VALUE, "cuMemAlloc of 0 bytes");
  *out = allocate_device(bytes);
  if (*out) return CUDA_SUCCESS;
  return refuse(CUDA_ERROR_OUT_OF_MEMORY, "cuMemAlloc of " + std::to_string(bytes) + " bytes, " +
                                              std::to_string(memory_free()) + " of " +
                                              std::to_string(memory_total()) + " are free");
}
MR_API cuMemFree_v2(CUdeviceptr address) {
  MR_SYNCHRONOUS("cuMemFree");
  if (!address) return CUDA_SUCCESS;
  streams::synchronize_all();
  if (free_memory(address, Place::DEVICE)) return sticky_error();
  return refuse(CUDA_ERROR_INVALID_VALUE, "cuMemFree of an address that cuMemAlloc did not give, or freed before");
}
MR_API cuMemAllocAsync(CUdeviceptr* out, size_t bytes, void*) { return cuMemAlloc_v2(out, bytes); }
MR_API cuMemFreeAsync(CUdeviceptr address, void* stream) {
  MR_ENTER();
  if (CudaError error = checked(address, 1, "cuMemFreeAsync")) return error;
  return streams::push(stream, Task{"free", [=] { free_memory(address, Place::DEVICE); }, {}, 0, 0});
}
MR_API cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr address) {
  MR_ENTER();
  Span span;
  if (!find_span(address, &span)) return refuse(CUDA_ERROR_NOT_FOUND, "the address is in no allocation");
  if (base) *base = span.address;
  if (bytes) *bytes = span.bytes;
  return CUDA_SUCCESS;
}
MR_API cuMemHostAlloc(void** out, size_t bytes, unsigned) {
  MR_ENTER();
  if (!bytes) return refuse(CUDA_ERROR_INVALID_VALUE, "cuMemHostAlloc of 0 bytes");
  *out = allocate_pinned(bytes);
  return *out ? CUDA_SUCCESS : refuse(CUDA_ERROR_OUT_OF_MEMORY, "no host memory");
}
MR_API cuMemAllocHost_v2(void** out, size_t bytes) { return cuMemHostAlloc(out, bytes, 0); }
MR_API cuMemFreeHost(void* address) {
  MR_SYNCHRONOUS("cuMemFreeHost");
  streams::synchronize_all();
  if (free_memory(reinterpret_cast<uint64_t>(address), Place::PINNED)) return CUDA_SUCCESS;
  return refuse(CUDA_ERROR_INVALID_VALUE, "cuMemFreeHost of an address that cuMemHostAlloc did not give, or freed before");
}
MR_API cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  MR_ENTER();
  return register_pinned(address, bytes) ? CUDA_SUCCESS
                                         : refuse(CUDA_ERROR_INVALID_VALUE, "the host memory is registered already");
}
MR_API cuMemHostUnregister(void* address) {
  MR_SYNCHRONOUS("cuMemHostUnregister");
  streams::synchronize_all();
  return unregister_pinned(address) ? CUDA_SUCCESS
                                    : refuse(CUDA_ERROR_INVALID_VALUE, "the host memory is not registered");
}
MR_API cuMemHostGetDevicePointer_v2(CUdeviceptr* out, void* address, unsigned) {
  MR_ENTER();
  *out = reinterpret_cast<CUdeviceptr>(address);
  return checked(*out, 0, "cuMemHostGetDevicePointer");
}
MR_API cuMemHostGetFlags(unsigned* flags, void*) {
  *flags = 0;
  return CUDA_SUCCESS;
}
MR_API cuPointerGetAttribute(void* out, int attribute, CUdeviceptr address) {
  MR_ENTER();
  Span span;
  if (!find_span(address, &span)) return refuse(CUDA_ERROR_INVALID_VALUE, "the address is in no allocation");
  switch (attribute) {
    case 2: *static_cast<int*>(out) = span.place == Place::DEVICE ? 2 : 1; return CUDA_SUCCESS;
    case 3: *static_cast<CUdeviceptr*>(out) = address; return CUDA_SUCCESS;
    case 4: *static_cast<void**>(out) = reinterpret_cast<void*>(address); return CUDA_SUCCESS;
    default: return refuse(CUDA_ERROR_NOT_SUPPORTED, "cuPointerGetAttribute " + std::to_string(attribute) + " is not emulated");
  }
}

MR_API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, void* stream) {
  MR_ENTER();
  return host_to_device(to, from, bytes, stream, "cuMemcpyHtoDAsync");
}
MR_API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, void* stream) {
  MR_ENTER();
  return device_to_host(to, from, bytes, stream, "cuMemcpyDtoHAsync");
}
MR_API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream) {
  MR_ENTER();
  return device_to_device(to, from, bytes, stream, "cuMemcpyDtoDAsync");
}
MR_API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  MR_SYNCHRONOUS("cuMemcpyHtoD");
  const CudaError error = host_to_device(to, from, bytes, nullptr, "cuMemcpyHtoD");
  return error ? error : streams::synchronize(nullptr);
}
MR_API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
  MR_SYNCHRONOUS("cuMemcpyDtoH");
  const CudaError error = device_to_host(to, from, bytes, nullptr, "cuMemcpyDtoH");
  return error ? error : streams::synchronize(nullptr);
}
MR_API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  MR_SYNCHRONOUS("cuMemcpyDtoD");
  return device_to_device(to, from, bytes, nullptr, "cuMemcpyDtoD");
}
MR_API cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, void* stream) {
  MR_ENTER();
  return any_copy(to, from, bytes, stream, "cuMemcpyAsync");
}
MR_API cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  MR_SYNCHRONOUS("cuMemcpy");
  const CudaError error = any_copy(to, from, bytes, nullptr, "cuMemcpy");
  return error ? error : streams::synchronize(nullptr);
}

// CUDA_MEMCPY2D: host and device sides, no arrays.
struct Copy2D {
  size_t from_x, from_y;
  int from_type;
  const void* from_host;
  CUdeviceptr from_device;
  void* from_array;
  size_t from_pitch;
  size_t to_x, to_y;
  int to_type;
  void* to_host;
  CUdeviceptr to_device;
  void* to_array;
  size_t to_pitch;
  size_t width, height;
};
MR_API cuMemcpy2DAsync_v2(const Copy2D* c, void* stream) {
  MR_ENTER();
  constexpr int HOST = 1, DEVICE = 2;
  if (c->from_type < HOST || c->from_type > DEVICE || c->to_type < HOST || c->to_type > DEVICE) {
    return refuse(CUDA_ERROR_NOT_SUPPORTED, "cuMemcpy2D of arrays or unified memory is not emulated");
  }
  for (size_t y = 0; y < c->height; y++) {
    const uint64_t from = (c->from_type == DEVICE ? c->from_device : reinterpret_cast<uint64_t>(c->from_host)) +
                          (c->from_y + y) * c->from_pitch + c->from_x;
    const uint64_t to = (c->to_type == DEVICE ? c->to_device : reinterpret_cast<uint64_t>(c->to_host)) +
                        (c->to_y + y) * c->to_pitch + c->to_x;
    if (CudaError error = any_copy(to, from, c->width, stream, "cuMemcpy2D")) return error;
  }
  return CUDA_SUCCESS;
}
MR_API cuMemcpy2D_v2(const Copy2D* c) {
  MR_SYNCHRONOUS("cuMemcpy2D");
  const int error = cuMemcpy2DAsync_v2(c, nullptr);
  return error ? error : static_cast<int>(streams::synchronize(nullptr));
}
MR_API cuMemcpy2DUnaligned_v2(const Copy2D* c) { return cuMemcpy2D_v2(c); }

MR_API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, void* stream) {
  MR_ENTER();
  return fill(to, value, count, stream, "cuMemsetD8");
}
MR_API cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, void* stream) {
  MR_ENTER();
  return fill(to, value, count, stream, "cuMemsetD16");
}
MR_API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, void* stream) {
  MR_ENTER();
  return fill(to, value, count, stream, "cuMemsetD32");
}
MR_API cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) { return cuMemsetD8Async(to, value, count, nullptr); }
MR_API cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) { return cuMemsetD16Async(to, value, count, nullptr); }
MR_API cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) { return cuMemsetD32Async(to, value, count, nullptr); }
