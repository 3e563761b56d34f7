#include "store/memory/reservation.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rateguard::memory {

Result<Reservation> Reservation::make(size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return fail(ErrorCode::kExhausted,
                fmt::format("cannot reserve {} bytes of addresses for counters: {}", bytes, std::strerror(errno)));
  }
  Reservation made;
  made.data_ = static_cast<char*>(data);
  made.size_ = bytes;
  return made;
}

Reservation::Reservation(Reservation&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Reservation::~Reservation() {
  if (data_ != nullptr) munmap(data_, size_);
}

}  // namespace rateguard::memory
