// What the files of the driver API share.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "errors.h"

#define MR_API extern "C" __attribute__((visibility("default"))) int

using CUdeviceptr = unsigned long long;

// Major and minor of the compute capability the device claims: MILLRACE_EMULATOR_CC, or 9.0.
void compute_capability(int* major, int* minor);

// The error with which a call must answer before it does anything: not initialised, no context, sticky error.
CudaError entered();
#define MR_ENTER() \
  if (CudaError error_ = entered()) return error_
