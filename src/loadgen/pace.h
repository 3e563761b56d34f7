// When each question is due.
#pragma once

#include <cstdint>

namespace rateguard::loadgen {

// An open loop: question number i (from 0) is due at start + i / rate, whether or not earlier ones were answered.
// Exact: errors do not add up. Times are nanoseconds of one steady clock.
class Pace {
 public:
  // `questions_per_s` need not be whole. REQUIRES: it is above 0.
  Pace(int64_t start_ns, double questions_per_s) : start_ns_(start_ns), interval_ns_(1e9 / questions_per_s) {}

  int64_t due_ns(uint64_t question) const {
    return start_ns_ + static_cast<int64_t>(interval_ns_ * static_cast<double>(question));
  }
  // How many questions are due by then.
  uint64_t due_by(int64_t now_ns) const {
    if (now_ns < start_ns_) return 0;
    auto count = static_cast<uint64_t>(static_cast<double>(now_ns - start_ns_) / interval_ns_);
    while (due_ns(count) <= now_ns) ++count;  // the division may have been rounded either way
    while (count > 0 && due_ns(count - 1) > now_ns) --count;
    return count;
  }

 private:
  int64_t start_ns_;
  double interval_ns_;
};

}  // namespace rateguard::loadgen
