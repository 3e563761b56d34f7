// A range of addresses: lets the store's memory grow with its keys although its bounds are fixed at the start.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace rateguard::memory {

// Anonymous memory that costs nothing until it is touched; zero at first.
class Reservation {
 public:
  Reservation() = default;
  // Errors: kExhausted if the system refuses the addresses.
  static Result<Reservation> make(size_t bytes);
  // The same, aligned for large pages of memory (2 MiB), which the kernel is asked for: a random access then needs one
  // access to memory instead of two or three, since the processor can keep the addresses of all pages at hand.
  static Result<Reservation> make_large_paged(size_t bytes);
  // Touches [from, from + bytes), so that no request has to wait for the kernel to find and clear that memory. Any
  // thread.
  void populate(size_t from, size_t bytes) const;
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* mapped_ = nullptr;
  size_t mapped_bytes_ = 0;
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace rateguard::memory
