// Driver API: initialisation, the device, contexts, errors.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <map>
#include <mutex>

#include "driver.h"
#include "memory.h"
#include "pool.h"
#include "streams.h"

namespace {

std::atomic<bool> initialised{false};
struct Context {
  unsigned flags;
};
std::mutex& mutex() {
  static auto* it = new std::mutex;
  return *it;
}
Context primary_context{};
int primary_uses = 0, created_contexts = 0;
thread_local void* current_context __attribute__((tls_model("initial-exec"))) = nullptr;

// The last context takes its memory, its work and its error along.
void leave_context() {
  if (primary_uses || created_contexts) return;
  streams::synchronize_all();
  free_all_memory();
  clear_sticky_error();
}

struct ErrorName {
  int code;
  const char *name, *text;
};
const ErrorName ERRORS[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {CUDA_ERROR_FILE_NOT_FOUND, "CUDA_ERROR_FILE_NOT_FOUND", "file not found"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {CUDA_ERROR_ASSERT, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {CUDA_ERROR_ILLEGAL_INSTRUCTION, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED", "the capture was not begun in this stream"},
    {CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "the capture belongs to another thread"},
};

// Attributes of CUdevice_attribute that programs ask for; what is not named is 0.
int attribute(int which) {
  int major, minor;
  compute_capability(&major, &minor);
  const bool large = major >= 9;
  switch (which) {
    case 1: return 1024;                      // threads per block
    case 2: case 3: return 1024;              // block x, y
    case 4: return 64;                        // block z
    case 5: return 0x7fffffff;                // grid x
    case 6: case 7: return 65535;             // grid y, z
    case 8: return 48 << 10;                  // shared memory per block
    case 9: return 64 << 10;                  // constant memory
    case 10: return 32;                       // warp
    case 12: case 82: return 65536;           // registers per block, per multiprocessor
    case 13: return 1980000;                  // clock, kHz
    case 16: return mr_emulated::pool_threads();  // multiprocessors
    case 19: return 1;                        // maps host memory
    case 31: return 1;                        // concurrent kernels
    case 36: return 2619000;                  // memory clock, kHz
    case 37: return 6144;                     // memory bus, bits
    case 38: return 50 << 20;                 // L2
    case 39: return 2048;                     // threads per multiprocessor
    case 40: return 2;                        // copy engines
    case 41: return 1;                        // unified addressing
    case 75: return major;
    case 76: return minor;
    case 78: return 1;                        // stream priorities
    case 81: return (large ? 228 : 164) << 10;  // shared memory per multiprocessor
    case 83: return 1;                        // managed memory
    case 95: return 1;                        // cooperative launch
    case 97: return (large ? 227 : 163) << 10;  // shared memory per block, opted in
    case 106: return 32;                      // blocks per multiprocessor
    case 111: return 1024;                    // reserved shared memory per block
    case 115: return 1;                       // stream-ordered allocation
    default: return 0;
  }
}

}  // namespace

void compute_capability(int* major, int* minor) {
  const char* wanted = getenv("MILLRACE_EMULATOR_CC");
  if (!wanted || sscanf(wanted, "%d.%d", major, minor) != 2) {
    *major = 9;
    *minor = 0;
  }
}

CudaError entered() {
  if (!initialised) return refuse(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  if (!current_context) return refuse(CUDA_ERROR_INVALID_CONTEXT, "this thread has no current context");
  return sticky_error();
}

MR_API cuInit(unsigned flags) {
  if (flags) return refuse(CUDA_ERROR_INVALID_VALUE, "cuInit takes 0");
  initialised = true;
  return CUDA_SUCCESS;
}
MR_API cuDriverGetVersion(int* version) {
  *version = 13000;
  return CUDA_SUCCESS;
}
MR_API cuDeviceGetCount(int* count) {
  *count = 1;
  return initialised ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED;
}
MR_API cuDeviceGet(int* device, int ordinal) {
  if (!initialised) return refuse(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  if (ordinal) return refuse(CUDA_ERROR_INVALID_DEVICE, "the emulator has device 0 only");
  *device = 0;
  return CUDA_SUCCESS;
}
MR_API cuDeviceGetName(char* name, int length, int) {
  snprintf(name, static_cast<size_t>(length), "Millrace CPU emulator");
  return CUDA_SUCCESS;
}
MR_API cuDeviceGetUuid(unsigned char* uuid, int) {
  memcpy(uuid, "millrace-emulate", 16);
  return CUDA_SUCCESS;
}
MR_API cuDeviceGetPCIBusId(char* id, int length, int) {
  snprintf(id, static_cast<size_t>(length), "0000:00:00.0");
  return CUDA_SUCCESS;
}
MR_API cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = memory_total();
  return CUDA_SUCCESS;
}
MR_API cuDeviceGetAttribute(int* value, int which, int device) {
  if (device) return refuse(CUDA_ERROR_INVALID_DEVICE, "the emulator has device 0 only");
  *value = attribute(which);
  return CUDA_SUCCESS;
}
MR_API cuDeviceComputeCapability(int* major, int* minor, int) {
  compute_capability(major, minor);
  return CUDA_SUCCESS;
}

MR_API cuCtxCreate_v2(void** context, unsigned flags, int device) {
  if (!initialised) return refuse(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  if (device) return refuse(CUDA_ERROR_INVALID_DEVICE, "the emulator has device 0 only");
  mr_emulated::install_fault_handlers();
  std::lock_guard<std::mutex> lock(mutex());
  *context = current_context = new Context{flags};
  created_contexts++;
  return CUDA_SUCCESS;
}
MR_API cuCtxDestroy_v2(void* context) {
  if (!context) return refuse(CUDA_ERROR_INVALID_CONTEXT, "no context to destroy");
  std::lock_guard<std::mutex> lock(mutex());
  if (current_context == context) current_context = nullptr;
  created_contexts--;
  leave_context();
  return CUDA_SUCCESS;
}
MR_API cuDevicePrimaryCtxRetain(void** context, int) {
  if (!initialised) return refuse(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  mr_emulated::install_fault_handlers();
  std::lock_guard<std::mutex> lock(mutex());
  primary_uses++;
  *context = &primary_context;
  return CUDA_SUCCESS;
}
MR_API cuDevicePrimaryCtxRelease_v2(int) {
  std::lock_guard<std::mutex> lock(mutex());
  if (!primary_uses) return refuse(CUDA_ERROR_INVALID_CONTEXT, "the primary context was not retained");
  primary_uses--;
  leave_context();
  return CUDA_SUCCESS;
}
MR_API cuDevicePrimaryCtxReset_v2(int) {
  std::lock_guard<std::mutex> lock(mutex());
  streams::synchronize_all();
  clear_sticky_error();
  return CUDA_SUCCESS;
}
MR_API cuDevicePrimaryCtxSetFlags_v2(int, unsigned flags) {
  primary_context.flags = flags;
  return CUDA_SUCCESS;
}
MR_API cuDevicePrimaryCtxGetState(int, unsigned* flags, int* active) {
  *flags = primary_context.flags;
  *active = primary_uses > 0;
  return CUDA_SUCCESS;
}
MR_API cuCtxSetCurrent(void* context) {
  current_context = context;
  return CUDA_SUCCESS;
}
MR_API cuCtxGetCurrent(void** context) {
  *context = current_context;
  return CUDA_SUCCESS;
}
MR_API cuCtxPushCurrent_v2(void* context) { return cuCtxSetCurrent(context); }
MR_API cuCtxPopCurrent_v2(void** context) {
  *context = current_context;
  current_context = nullptr;
  return CUDA_SUCCESS;
}
MR_API cuCtxGetDevice(int* device) {
  *device = 0;
  return current_context ? CUDA_SUCCESS : CUDA_ERROR_INVALID_CONTEXT;
}
MR_API cuCtxGetApiVersion(void*, unsigned* version) {
  *version = 13000;
  return CUDA_SUCCESS;
}
MR_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return CUDA_SUCCESS;
}
MR_API cuCtxSynchronize() {
  MR_ENTER();
  if (CudaError error = streams::refuse_during_capture("cuCtxSynchronize")) return error;
  return streams::synchronize_all();
}

MR_API cuGetErrorName(int code, const char** name) {
  for (const ErrorName& each : ERRORS) {
    if (each.code == code) {
      *name = each.name;
      return CUDA_SUCCESS;
    }
  }
  *name = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

// The driver's text and, behind it, the emulator's last report.
MR_API cuGetErrorString(int code, const char** text) {
  static auto* const kept = new std::map<std::string, bool>;  // strings given out stay valid
  for (const ErrorName& each : ERRORS) {
    if (each.code != code) continue;
    std::string full = each.text;
    const std::string report = last_report();
    if (code != CUDA_SUCCESS && code != CUDA_ERROR_NOT_READY && !report.empty()) full += " (emulator: " + report + ")";
    std::lock_guard<std::mutex> lock(mutex());
    *text = kept->emplace(full, true).first->first.c_str();
    return CUDA_SUCCESS;
  }
  *text = nullptr;
  return CUDA_ERROR_INVALID_VALUE;
}

// Not of the driver API: the last report, for tests.
extern "C" __attribute__((visibility("default"))) const char* millrace_emulator_report() {
  static thread_local std::string* report __attribute__((tls_model("initial-exec"))) = nullptr;
  if (!report) report = new std::string;
  *report = last_report();
  return report->c_str();
}
// Not of the driver API: forgets the sticky error, so that tests of errors can share a process.
extern "C" __attribute__((visibility("default"))) void millrace_emulator_reset() {
  streams::synchronize_all();
  clear_sticky_error();
}
