// One recorded request: a few integers.
#pragma once

#include <cstdint>

namespace rateguard::simulate {

// The numbers are a Recording's.
struct Event {
  int64_t time_us = 0;
  uint32_t client = 0;
  uint32_t method = 0;
  uint32_t path = 0;
  uint32_t attributes = 0;  // host, user, key, headers and so on: 0 for none of them
  uint32_t cost = 1;
  bool has_fraction = false;  // of a log whose times are finer than a second
};
static_assert(sizeof(Event) == 32);

}  // namespace rateguard::simulate
