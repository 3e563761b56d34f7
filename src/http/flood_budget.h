// A budget of frames that cost a server work and bring none; time and real work refill it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/instant.h"

namespace rateguard::http {

struct FloodLimit {
  int64_t burst = 0;
  int64_t per_second = 0;
};

// Starts full.
class FloodBudget {
 public:
  explicit FloodBudget(FloodLimit limit) : limit_(limit), left_(limit.burst * kMicro) {}

  // False if the budget is used up.
  bool take(Instant now) {
    const int64_t elapsed_us = std::clamp<int64_t>((now - refilled_).us, 0, kMicro * kRefillSeconds);
    refilled_ = now;
    left_ = std::min(left_ + elapsed_us * limit_.per_second, limit_.burst * kMicro);
    if (left_ < kMicro) return false;
    left_ -= kMicro;
    return true;
  }
  void give_back(int64_t count) { left_ = std::min(left_ + count * kMicro, limit_.burst * kMicro); }

 private:
  static constexpr int64_t kMicro = 1'000'000;
  static constexpr int64_t kRefillSeconds = 3'600;  // longer refills add nothing; keeps the product small

  FloodLimit limit_;
  int64_t left_;  // in millionths of a frame
  Instant refilled_{};
};

}  // namespace rateguard::http
