// A stretch of addresses: how the store's memory follows its keys though its bounds are set at the start.
#pragma once

#include <cstddef>

#include "base/result.h"

namespace rateguard::memory {

// Anonymous memory that costs nothing until it is touched; zero at first.
class Reservation {
 public:
  Reservation() = default;
  // Errors: kExhausted where the system refuses the addresses.
  static Result<Reservation> make(size_t bytes);
  Reservation(Reservation&& other) noexcept;
  Reservation& operator=(Reservation&& other) noexcept;
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;
  ~Reservation();

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace rateguard::memory
