// Where each request stands among all of its second, for logs that know only whole seconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "model/instant.h"

namespace rateguard::suggest {

// Two passes over the same requests in the same order: count() each, then time_of() each. That gives one request the
// time at which a simulation of all of them has it (simulate/whole_seconds.h), though only some are simulated. 0.7 MB
// for each day with requests. Not thread-safe.
class SecondPlaces {
 public:
  // Two months: 43 MB.
  static constexpr size_t kDaysMax = 62;

  void count(Instant time);
  // Whether all times had whole seconds, on days that fit.
  bool are_known() const { return !has_fractions_ && days_.size() <= kDaysMax; }
  // REQUIRES: are_known(). A request that was not counted, of a log that has grown since, stays where it is.
  Instant time_of(Instant time);

 private:
  struct Second {
    uint32_t requests = 0;
    uint32_t placed = 0;
  };
  using Day = std::vector<Second>;

  Second& second_of(Instant time);

  std::unordered_map<int64_t, Day> days_;
  int64_t latest_day_ = INT64_MIN;
  Day* latest_ = nullptr;
  bool has_fractions_ = false;
};

}  // namespace rateguard::suggest
