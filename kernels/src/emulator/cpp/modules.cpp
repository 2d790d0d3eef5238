#include "modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "driver.h"

using mr_emulated::ABI_VERSION;
using mr_emulated::RUNTIME;
using mr_emulated::Runtime;
using mr_emulated::Thread;

namespace {

constexpr int MACHINE_CUDA = 190;
#if defined(__aarch64__)
constexpr int MACHINE_HOST = EM_AARCH64;
#else
constexpr int MACHINE_HOST = EM_X86_64;
#endif

// Attributes of .nv.info.<kernel> in a cubin.
constexpr uint8_t INFO_PARAMETER = 0x17;
constexpr uint8_t INFO_MAX_THREADS = 0x05;
constexpr uint8_t INFO_HAS_VALUE = 4;

// The library beside this one that fits the device, or the one the environment names.
std::string kernel_library() {
  if (const char* path = getenv("MILLRACE_EMULATOR_KERNELS")) return path;
  Dl_info here{};
  if (!dladdr(reinterpret_cast<const void*>(&kernel_library), &here) || !here.dli_fname) return "";
  const std::string self = here.dli_fname;
  int major, minor;
  compute_capability(&major, &minor);
  const bool hopper = major == 9 && minor == 0;
  return self.substr(0, self.rfind('/') + 1) + (hopper ? "libmillrace_kernels.so" : "libmillrace_kernels_sm80.so");
}

// A file in memory with this image, or -1. The same bytes get the same file, so that a library is opened once however
// often it is loaded: each opening takes thread-local room, of which a process has little and gets none back. Files stay
// open: the loader knows libraries by name, and a name must not be given twice.
int file_of(const std::string& image) {
  static std::mutex guard;
  static std::map<std::string, int> files;
  const std::lock_guard<std::mutex> lock(guard);
  const auto known = files.find(image);
  if (known != files.end()) return known->second;
  const int file = memfd_create("millrace-kernels", MFD_CLOEXEC);
  if (file < 0 || write(file, image.data(), image.size()) != static_cast<ssize_t>(image.size())) return -1;
  return files[image] = file;
}

CudaError attach(Module& module, const std::string& path) {
  module.library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!module.library) return refuse(CUDA_ERROR_INVALID_IMAGE, std::string("cannot open the kernel library: ") + dlerror());
  auto attach = reinterpret_cast<uint32_t (*)(const Runtime*)>(dlsym(module.library, "mr_emulated_attach"));
  if (!attach) return refuse(CUDA_ERROR_INVALID_IMAGE, path + " was not built for the emulator");
  const uint32_t version = attach(&RUNTIME);
  if (version == ABI_VERSION) return CUDA_SUCCESS;
  return refuse(CUDA_ERROR_INVALID_IMAGE, path + " was built for version " + std::to_string(version) +
                                              " of the emulator, this is " + std::to_string(ABI_VERSION) +
                                              "; run kernels/build-emulator");
}

template <class T>
T read_at(const uint8_t* p) {
  T value;
  memcpy(&value, p, sizeof value);
  return value;
}

void read_cubin(Module& module, const uint8_t* image) {
  const auto header = read_at<Elf64_Ehdr>(image);
  auto section = [&](int i) { return read_at<Elf64_Shdr>(image + header.e_shoff + sizeof(Elf64_Shdr) * i); };
  const char* names = reinterpret_cast<const char*>(image) + section(header.e_shstrndx).sh_offset;
  const std::string prefix = ".nv.info.";
  for (int i = 0; i < header.e_shnum; i++) {
    const Elf64_Shdr s = section(i);
    const std::string name = names + s.sh_name;
    if (name.compare(0, prefix.size(), prefix)) continue;
    const std::string kernel = name.substr(prefix.size());
    std::vector<uint32_t>& sizes = module.image_kernels[kernel];
    const uint8_t* p = image + s.sh_offset;
    for (const uint8_t* end = p + s.sh_size; p + 4 <= end;) {
      const uint8_t format = p[0], attribute = p[1];
      const uint16_t length = read_at<uint16_t>(p + 2);
      if (format == INFO_HAS_VALUE && attribute == INFO_PARAMETER && length >= 12) {
        const uint16_t ordinal = read_at<uint16_t>(p + 8);
        if (sizes.size() <= ordinal) sizes.resize(ordinal + 1u);
        sizes[ordinal] = read_at<uint32_t>(p + 12) >> 18 & 0x3fff;
      }
      if (format == INFO_HAS_VALUE && attribute == INFO_MAX_THREADS && length >= 12) {
        module.image_max_threads[kernel] = static_cast<int>(
            read_at<uint32_t>(p + 4) * read_at<uint32_t>(p + 8) * read_at<uint32_t>(p + 12));
      }
      p += 4 + (format == INFO_HAS_VALUE ? length : 0);
    }
  }
}

// `.visible .entry name( .param .u64 name_param_0, .param .align 64 .b8 name_param_1[128], ... )`
void read_ptx(Module& module, const std::string& ptx) {
  const std::string entry = ".entry ";
  for (size_t at = ptx.find(entry); at != std::string::npos; at = ptx.find(entry, at)) {
    at += entry.size();
    const size_t open = ptx.find('(', at), close = ptx.find(')', open);
    if (close == std::string::npos) return;
    std::string name = ptx.substr(at, open - at);
    name.erase(name.find_last_not_of(" \n\r\t") + 1);
    std::vector<uint32_t>& sizes = module.image_kernels[name];
    for (size_t p = ptx.find(".param", open); p < close; p = ptx.find(".param", p + 1)) {
      const std::string declaration = ptx.substr(p, std::min(ptx.find(',', p), close) - p);
      const size_t bracket = declaration.find('[');
      if (bracket != std::string::npos) {
        sizes.push_back(static_cast<uint32_t>(strtoul(declaration.c_str() + bracket + 1, nullptr, 10)));
      } else {
        size_t digits = declaration.find_first_of("0123456789");
        sizes.push_back(static_cast<uint32_t>(strtoul(declaration.c_str() + digits, nullptr, 10) / 8));
      }
    }
  }
}

}  // namespace

Module* load_module(const void* image, CudaError* code) {
  auto module = std::make_unique<Module>();
  const auto* bytes = static_cast<const uint8_t*>(image);
  if (!memcmp(bytes, ELFMAG, SELFMAG)) {
    const auto header = read_at<Elf64_Ehdr>(bytes);
    if (header.e_machine == MACHINE_CUDA) {
      module->device_image = true;
      read_cubin(*module, bytes);
    } else if (header.e_machine == MACHINE_HOST) {
      // An image has no length: an ELF file ends with its section headers.
      const size_t size = header.e_shoff + size_t{header.e_shentsize} * header.e_shnum;
      const int file = file_of(std::string(static_cast<const char*>(image), size));
      if (file < 0) {
        *code = refuse(CUDA_ERROR_INVALID_IMAGE, "cannot write the image to memory");
        return nullptr;
      }
      *code = attach(*module, "/proc/self/fd/" + std::to_string(file));
      return *code == CUDA_SUCCESS ? module.release() : nullptr;
    } else {
      *code = refuse(CUDA_ERROR_NO_BINARY_FOR_GPU, "the image is an ELF file for machine " +
                                                       std::to_string(header.e_machine) + ", neither CUDA nor this one");
      return nullptr;
    }
  } else if (strstr(static_cast<const char*>(image), ".version")) {
    module->device_image = true;
    read_ptx(*module, static_cast<const char*>(image));
  } else {
    *code = refuse(CUDA_ERROR_INVALID_IMAGE, "the image is neither ELF nor PTX");
    return nullptr;
  }
  *code = attach(*module, kernel_library());
  return *code == CUDA_SUCCESS ? module.release() : nullptr;
}

Function* find_function(Module& module, const std::string& name, CudaError* code) {
  auto known = module.functions.find(name);
  if (known != module.functions.end()) return known->second.get();
  auto function = std::make_unique<Function>();
  function->name = name;
  function->entry = reinterpret_cast<void (*)(void**)>(dlsym(module.library, (name + "__mr_call").c_str()));
  function->self = reinterpret_cast<Thread** (*)()>(dlsym(module.library, "mr_emulated_self"));
  auto describe = reinterpret_cast<int (*)(uint32_t*)>(dlsym(module.library, (name + "__mr_describe").c_str()));
  const bool in_image = !module.device_image || module.image_kernels.count(name);
  if (!in_image || !function->entry || !describe) {
    *code = refuse(CUDA_ERROR_NOT_FOUND, !in_image ? "the image has no kernel " + name
                                                   : "no kernel " + name + " in the emulator's kernel library" +
                                                         " (MR_EXPORT missing, or kernels/build-emulator not run?)");
    return nullptr;
  }
  std::vector<uint32_t> words(static_cast<size_t>(describe(nullptr)) + 1);
  describe(words.data());
  words.pop_back();
  std::vector<uint32_t> sizes;
  for (uint32_t word : words) {
    Parameter p{word & 0xffff, word >> 16 & 0x7fff, (word >> 31) != 0, 0};
    p.offset = (function->argument_bytes + p.alignment - 1) / p.alignment * p.alignment;
    function->argument_bytes = p.offset + p.bytes;
    function->parameters.push_back(p);
    sizes.push_back(p.bytes);
  }
  if (module.device_image) {
    if (module.image_kernels[name] != sizes) {
      *code = refuse(CUDA_ERROR_NOT_FOUND, "the parameters of " + name +
                                               " in the image and in the emulator's kernel library differ; "
                                               "run kernels/build-kernels and kernels/build-emulator");
      return nullptr;
    }
    auto limit = module.image_max_threads.find(name);
    if (limit != module.image_max_threads.end()) function->max_threads = limit->second;
  }
  *code = CUDA_SUCCESS;
  return (module.functions[name] = std::move(function)).get();
}
