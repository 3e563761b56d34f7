#include "simulate/arena.h"

#include <algorithm>
#include <cstring>

namespace rateguard::simulate {
namespace {

// A block is twice as large as the one before it, between these: few strings take little memory, and many lie on huge
// pages.
constexpr size_t kBlockBytesMin = 64 * 1024;
constexpr size_t kBlockBytesMax = 4 * HugePageAllocator<char>::kHugePageBytes;

}  // namespace

std::string_view Arena::store(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() > free_bytes_) add_block(bytes.size());
  std::memcpy(free_, bytes.data(), bytes.size());
  const std::string_view stored(free_, bytes.size());
  free_ += bytes.size();
  free_bytes_ -= bytes.size();
  return stored;
}

void Arena::add_block(size_t at_least) {
  const size_t doubled = kBlockBytesMin << std::min<size_t>(blocks_.size(), 16);
  const size_t size = std::max(std::min(doubled, kBlockBytesMax), at_least);
  blocks_.emplace_back(HugePageAllocator<char>().allocate(size), Free{size});
  free_ = blocks_.back().get();
  free_bytes_ = size;
}

}  // namespace rateguard::simulate
