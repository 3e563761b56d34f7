// Vectors that are read at random places: on huge pages, so that a look costs one miss and not two.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

namespace rateguard::simulate {

// Asks for huge pages (Linux's transparent ones) from their size on; smaller allocations are ordinary.
template <typename T>
struct HugePageAllocator {
  using value_type = T;

  static constexpr size_t kHugePageBytes = 2 * 1024 * 1024;  // of x86-64 and of arm64 with 4 KiB pages

  HugePageAllocator() = default;
  template <typename U>
  explicit(false) HugePageAllocator(const HugePageAllocator<U>&) {}

  T* allocate(size_t count) {
    const size_t bytes = count * sizeof(T);
    if (bytes < kHugePageBytes) return std::allocator<T>().allocate(count);
    void* memory = ::operator new(bytes, std::align_val_t{kHugePageBytes});
    (void)madvise(memory, bytes, MADV_HUGEPAGE);  // a request: if it is not granted, access is only slower
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t count) {
    if (count * sizeof(T) < kHugePageBytes) {
      std::allocator<T>().deallocate(memory, count);
    } else {
      ::operator delete(memory, std::align_val_t{kHugePageBytes});
    }
  }
  bool operator==(const HugePageAllocator&) const = default;
};

template <typename T>
using HugePageVector = std::vector<T, HugePageAllocator<T>>;

}  // namespace rateguard::simulate
