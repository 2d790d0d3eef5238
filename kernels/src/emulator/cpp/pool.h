// The OS threads that run blocks.
#pragma once
#include "block.h"

namespace mr_emulated {

// Signal handling of kernels; see faults.cpp.
void install_fault_handlers();
void install_signal_stack();

// Threads of the pool: MILLRACE_EMULATOR_THREADS, or as many as the machine has processors.
int pool_threads();

// Runs all blocks of a launch and returns the first block's fault, or success. One launch at a time.
Fault run_launch(const Launch& launch);

}  // namespace mr_emulated
