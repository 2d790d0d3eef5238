// Switching between stacks of one OS thread.
#pragma once

// Saves the callee-saved registers on the running stack, its pointer in *save, and continues on stack `to`.
extern "C" void mr_emulator_switch(void** save, void* to);

// Lays out a fresh stack ending at `top` (16-byte aligned) so that the first switch to it calls `entry`, which
// must never return. Returns the stack pointer to switch to.
void* prepare_stack(char* top, void (*entry)());
