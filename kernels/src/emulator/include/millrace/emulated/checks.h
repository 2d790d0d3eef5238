// What the compiler's own checks call: kernels are built with -fsanitize=alignment,bounds, and these functions stand
// in for its library. Included by base.h only.
#pragma once
#include <stdio.h>

namespace mr_emulated {

// Records as the compiler lays them out.
struct CheckedPlace {
  const char* file;
  uint32_t line, column;
};
struct CheckedType {
  uint16_t kind, info;
  char name[1];
};
struct MisalignedAccess {
  CheckedPlace place;
  const CheckedType* type;
  unsigned char log_alignment, kind;
};
struct IndexOutOfBounds {
  CheckedPlace place;
  const CheckedType *array, *index;
};

}  // namespace mr_emulated

extern "C" {
__attribute__((weak, visibility("hidden"))) void __ubsan_handle_type_mismatch_v1_abort(
    const mr_emulated::MisalignedAccess* access, uintptr_t address) {
  char text[256];
  snprintf(text, sizeof text, "misaligned access: %s at %#llx, which is no multiple of %d", access->type->name,
           static_cast<unsigned long long>(address), 1 << access->log_alignment);
  mr_emulated::runtime->fail(text, true, {access->place.file, static_cast<int>(access->place.line)});
}
__attribute__((weak, visibility("hidden"))) void __ubsan_handle_out_of_bounds_abort(
    const mr_emulated::IndexOutOfBounds* access, uintptr_t index) {
  char text[256];
  snprintf(text, sizeof text, "index %lld is outside of %s", static_cast<long long>(index), access->array->name);
  mr_emulated::runtime->fail(text, false, {access->place.file, static_cast<int>(access->place.line)});
}
}
