// Counts the allocations of a test program. Include it in one file of the program: it replaces operator new.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace rateguard {

// By this thread, since its start. A test compares values before and after.
inline constinit thread_local size_t allocations = 0;

}  // namespace rateguard

// Not inlined: the compiler would see free() meet memory of operator new.
[[gnu::noinline]] void* operator new(size_t size) {
  ++rateguard::allocations;
  if (void* const memory = std::malloc(size)) return memory;
  std::abort();
}
// What std::stable_sort asks for. The library's own would be freed by the operator below.
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++rateguard::allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}
