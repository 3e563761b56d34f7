// An array that grows without moving its elements.
#pragma once

#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <vector>

#include "simulate/huge_pages.h"

namespace rateguard::simulate {

// Blocks of which each is twice as large as the one before. A vector that doubles copies everything, and the system
// clears the memory for that first; here both happen once. References hold as long as the array lives.
template <typename T>
class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  T& operator[](size_t index) { return *place_of(index); }
  const T& operator[](size_t index) const { return *place_of(index); }
  T& back() { return *place_of(size_ - 1); }
  size_t size() const { return size_; }
  void push_back(const T& value) {
    if (size_ + kFirst == (kFirst << blocks_.size())) add_block();
    std::construct_at(place_of(size_), value);
    ++size_;
  }

 private:
  static constexpr size_t kFirst = 64;  // in the first block; a power of 2

  struct Free {
    size_t count = 0;
    void operator()(T* block) const { HugePageAllocator<T>().deallocate(block, count); }
  };

  T* place_of(size_t index) const {
    const size_t shifted = index + kFirst;
    const auto block = static_cast<size_t>(std::bit_width(shifted) - std::bit_width(kFirst));
    return &blocks_[block][shifted - (kFirst << block)];
  }
  void add_block() {
    const size_t count = kFirst << blocks_.size();
    blocks_.emplace_back(HugePageAllocator<T>().allocate(count), Free{count});
  }

  std::vector<std::unique_ptr<T[], Free>> blocks_;
  size_t size_ = 0;
};

}  // namespace rateguard::simulate
