#include "simulate/arena.h"

#include <algorithm>
#include <cstring>

namespace rateguard::simulate {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;  // large enough that a block's bookkeeping vanishes, small enough to waste

}  // namespace

std::string_view Arena::store(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (bytes.size() > free_bytes_) {
    const size_t size = std::max(kBlockBytes, bytes.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    free_ = blocks_.back().get();
    free_bytes_ = size;
  }
  std::memcpy(free_, bytes.data(), bytes.size());
  const std::string_view stored(free_, bytes.size());
  free_ += bytes.size();
  free_bytes_ -= bytes.size();
  return stored;
}

}  // namespace rateguard::simulate
