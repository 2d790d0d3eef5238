// The driver's functions the harness uses, found at run time.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <string>

struct Driver {
  int (*init)(unsigned);
  int (*device_get)(int*, int);
  int (*device_attribute)(int*, int, int);
  int (*context_create)(void**, unsigned, int);
  int (*context_destroy)(void*);
  int (*synchronize)();
  int (*error_name)(int, const char**);
  int (*error_string)(int, const char**);
  int (*module_load)(void**, const void*);
  int (*module_function)(void**, void*, const char*);
  int (*function_attribute)(void*, int, int);
  int (*allocate)(unsigned long long*, size_t);
  int (*free)(unsigned long long);
  int (*to_device)(unsigned long long, const void*, size_t);
  int (*to_host)(void*, unsigned long long, size_t);
  int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void*, void**, void**);
  int (*encode_tiled)(void*, int, unsigned, void*, const uint64_t*, const uint64_t*, const uint32_t*, const uint32_t*,
                      int, int, int, int);
  void (*emulator_reset)();  // null on a GPU
  void* library;
};

// Opens the library; throws Failure if it is not there or lacks a function.
void open_driver(const std::string& path);
const Driver& driver();
void check(int code, const std::string& what);

// Contexts and images of the run.
void open_context();
void close_context();
void add_image(const std::string& path);
// Frees what a case allocated and, after an error of the device, starts over.
void end_case(bool failed);
