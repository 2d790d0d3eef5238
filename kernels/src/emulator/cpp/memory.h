// Device memory and pinned host memory: every allocation is poisoned, ends at a page nobody may touch, and is known,
// so that copies and kernel arguments can be checked and a bad address can be explained.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <string>

enum class Place { DEVICE, PINNED };

struct Span {
  uint64_t address = 0;
  size_t bytes = 0;
  Place place = Place::DEVICE;
};

// 0 if the device's memory does not suffice.
uint64_t allocate_device(size_t bytes);
void* allocate_pinned(size_t bytes);
bool register_pinned(void* address, size_t bytes);
bool unregister_pinned(void* address);
// False if nothing of that place starts there. Freed addresses stay reserved, so that late uses fault.
bool free_memory(uint64_t address, Place place);

// The end of the last context.
void free_all_memory();

size_t memory_total();
size_t memory_free();

// The allocation that holds the address; false if none does.
bool find_span(uint64_t address, Span* out);
// Empty if all the bytes lie in one allocation of the place, otherwise why not.
std::string check_span(uint64_t address, size_t bytes, Place place);
// What lies at an address that faulted.
std::string explain_address(uint64_t address);
// Empty, or which allocation was written outside of its bounds (within its last page).
std::string check_canaries();
