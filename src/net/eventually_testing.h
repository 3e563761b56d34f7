// For tests: waiting for what another thread brings about.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace rateguard::net {

// Whether `holds` returns true within a minute, which only a busy machine needs; asked every millisecond.
inline bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 60'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

}  // namespace rateguard::net
