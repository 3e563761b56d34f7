#include "store/memory/reservation.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace rateguard::memory {
namespace {

// The large page of x86-64, and of 64-bit ARM with its usual small pages.
constexpr size_t kLargePageBytes = size_t{2} << 20;
constexpr size_t kSmallPageBytes = 4096;

}  // namespace

Result<Reservation> Reservation::make(size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot reserve {} bytes of addresses for counters: {}", bytes, std::strerror(errno)));
  }
  Reservation made;
  made.mapped_ = made.data_ = static_cast<char*>(data);
  made.mapped_bytes_ = made.size_ = bytes;
  return made;
}

Result<Reservation> Reservation::make_large_paged(size_t bytes) {
  // Below two large pages, they would waste too much memory.
  if (bytes < 2 * kLargePageBytes) return make(bytes);
  Result<Reservation> made = make(bytes + kLargePageBytes);
  if (!made) return made;
  const size_t past = reinterpret_cast<uintptr_t>(made->data_) % kLargePageBytes;
  if (past != 0) made->data_ += kLargePageBytes - past;
  made->size_ = bytes;
  // A kernel without large pages refuses; small ones work as well, only slower.
  (void)madvise(made->data_, bytes, MADV_HUGEPAGE);
  return made;
}

void Reservation::populate(size_t from, size_t bytes) const {
  const size_t end = std::min(from + bytes, size_);
  for (size_t at = from; at < end; at += kSmallPageBytes) {
    // Adds zero atomically, since the memory may be in use.
    std::atomic_ref(data_[at]).fetch_or(0, std::memory_order_relaxed);
  }
}

Reservation::Reservation(Reservation&& other) noexcept {
  *this = std::move(other);
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(mapped_, other.mapped_);
  std::swap(mapped_bytes_, other.mapped_bytes_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Reservation::~Reservation() {
  if (mapped_ != nullptr) munmap(mapped_, mapped_bytes_);
}

}  // namespace rateguard::memory
