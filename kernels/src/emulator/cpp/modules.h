// Kernel images: libraries built for the emulator, and the real cubins and PTX, whose kernels are then looked up in
// the library beside the driver.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "block.h"

struct Parameter {
  uint32_t bytes, alignment;
  bool pointer;
  uint32_t offset;  // in an argument block
};

struct Function {
  std::string name;
  void (*entry)(void**) = nullptr;
  mr_emulated::Thread** (*self)() = nullptr;
  std::vector<Parameter> parameters;
  uint32_t argument_bytes = 0;
  int max_dynamic_shared = 48 << 10;
  int max_threads = 1024;
};

struct Module {
  void* library = nullptr;
  bool device_image = false;
  // Kernels of the cubin or PTX with the sizes of their parameters.
  std::map<std::string, std::vector<uint32_t>> image_kernels;
  std::map<std::string, int> image_max_threads;
  std::map<std::string, std::unique_ptr<Function>> functions;
};

// Null after refuse(); `code` then says how.
Module* load_module(const void* image, CudaError* code);
Function* find_function(Module& module, const std::string& name, CudaError* code);
