// Waiting for another process: asks again until the answer is what is wanted, or patience ends.
#pragma once

#include <chrono>
#include <string>
#include <thread>

namespace rateguard::test {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Half a minute, for sanitizers on a loaded machine; a working service takes milliseconds.
template <typename Predicate>
bool eventually(Predicate predicate) {
  for (int i = 0; i < 600; ++i) {
    if (predicate()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

}  // namespace rateguard::test
