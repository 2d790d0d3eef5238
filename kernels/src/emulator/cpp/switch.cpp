#include "switch.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
asm(R"(
.text
.globl mr_emulator_switch
.hidden mr_emulator_switch
.type mr_emulator_switch,@function
mr_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size mr_emulator_switch, .-mr_emulator_switch
)");

void* prepare_stack(char* top, void (*entry)()) {
  void** sp = reinterpret_cast<void**>(top);
  *--sp = nullptr;  // where entry would return to; also aligns the stack as a call does
  *--sp = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; i++) *--sp = nullptr;
  return sp;
}
#elif defined(__aarch64__)
asm(R"(
.text
.globl mr_emulator_switch
.hidden mr_emulator_switch
.type mr_emulator_switch,%function
mr_emulator_switch:
  sub sp, sp, #160
  stp x19, x20, [sp]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size mr_emulator_switch, .-mr_emulator_switch
)");

void* prepare_stack(char* top, void (*entry)()) {
  char* sp = top - 160;
  memset(sp, 0, 160);
  void* target = reinterpret_cast<void*>(entry);
  memcpy(sp + 88, &target, sizeof target);  // x30: the first switch returns into entry
  return sp;
}
#else
#error "the emulator switches stacks on x86-64 and aarch64 only"
#endif
