// Bad addresses of kernels: turned into an error of the launch with block and thread. Everybody else's signals go
// on to whoever handled them before, a JVM above all.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <mutex>

#include "block.h"
#include "memory.h"
#include "pool.h"

namespace mr_emulated {

// Has access to what a Block keeps to itself.
struct Faults {
  static void report(Block& block, int signal, const siginfo_t* info) {
    const uint64_t address = reinterpret_cast<uint64_t>(info->si_addr);
    const Lane& lane = *block.running_;
    char hexadecimal[32];
    snprintf(hexadecimal, sizeof hexadecimal, "0x%llx", static_cast<unsigned long long>(address));
    block.fault.code = CUDA_ERROR_ILLEGAL_ADDRESS;
    const char* const at = static_cast<const char*>(info->si_addr);
    std::string what = "illegal address " + std::string(hexadecimal) + ", ";
    if (signal == SIGFPE) {
      block.fault.code = CUDA_ERROR_LAUNCH_FAILED;
      what = "integer division by zero";
    } else if (at >= lane.stack && at < lane.stack + 4096) {
      what = "stack overflow (local arrays above 120 KB)";
    } else if (info->si_code == SI_KERNEL) {
      block.fault.code = CUDA_ERROR_MISALIGNED_ADDRESS;
      what = "misaligned vector access, or an address that is none";
    } else if (at >= block.shared_ && at < block.arena_ + block.arena_bytes_ + 2 * SHARED_GUARD) {
      what += std::to_string(at - block.shared_) + " bytes into shared memory of " +
              std::to_string(block.shared_bytes_) + " bytes";
    } else if (at >= block.arena_ && at < block.shared_) {
      what += std::to_string(block.shared_ - at) + " bytes before shared memory";
    } else {
      what += explain_address(address);
    }
    block.fault.text = what + ", " + text(lane.thread);
    // The handler never returns: let the next fault of this thread through.
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
    block.abandon();
  }
};

namespace {

struct sigaction previous_segv, previous_bus, previous_fpe;

void on_signal(int signal, siginfo_t* info, void* context) {
  Block* block = running_block;
  if (block) Faults::report(*block, signal, info);
  const struct sigaction& previous =
      signal == SIGSEGV ? previous_segv : signal == SIGBUS ? previous_bus : previous_fpe;
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);  // the instruction faults again, now for good
  }
}

}  // namespace

void install_fault_handlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
    sigaction(SIGFPE, &action, &previous_fpe);
  });
}

// Fibers' stacks may be what overflowed: the handler runs on a stack of its own.
void install_signal_stack() {
  constexpr size_t BYTES = 64 << 10;
  stack_t stack{};
  stack.ss_sp = mmap(nullptr, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack.ss_size = BYTES;
  if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, nullptr)) abort();
}

}  // namespace mr_emulated
