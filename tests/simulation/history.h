// What the callers saw, and what must hold of it.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/instant.h"
#include "model/limit.h"
#include "simulation/scenario.h"

namespace rateguard::simulation {

// An admission by the limit's counter: it happened at some instant from when it was asked until it was told.
struct Admission {
  Instant from = {};
  Instant to = {};
  Cost cost = {};
  size_t instance = 0;
};

// What an instance charged in the shared store.
struct Charged {
  Instant time = {};
  Cost cost = {};
};

// Whether a request had but this limit.
enum class Alone : uint8_t { kYes, kNo };

class History {
 public:
  explicit History(const Scenario& scenario);

  void note_asked(size_t key, size_t instance, Instant t, Cost cost);
  void note_admitted(size_t key, Admission admission, Alone alone);
  // Something is wrong already.
  void fail(std::string what) { failures_.push_back(std::move(what)); }
  const std::vector<std::string>& failures() const { return failures_; }

  // Units that an instance admitted without having charged them: at some instant from when the check was asked until it
  // was told, or up to `life` before. `charged` is in order of time.
  uint64_t uncharged(size_t key, size_t instance, std::span<const Charged> charged, Duration life) const;
  // Units admitted of a key by an instance, of requests of that limit alone.
  uint64_t admitted_alone(size_t key, size_t instance) const { return keys_[key].admitted_alone[instance]; }
  // The most units that an instance was asked for in any span of that length.
  uint64_t most_asked(size_t key, size_t instance, Duration span) const;
  // The most that was admitted beyond the key's limit: of all intervals for buckets, of all windows for windows.
  // `first_windows`: where windows from the first request started. Not above 0: never over the limit.
  int64_t most_beyond(size_t key, const std::set<Instant>& first_windows);

 private:
  struct Asked {
    Instant time = {};
    Cost cost = {};
  };
  struct Key {
    std::vector<Admission> admissions;
    std::vector<uint64_t> admitted_alone;  // by instance
    std::vector<std::vector<Asked>> asked;
  };

  const Scenario& scenario_;
  std::vector<Key> keys_;
  std::vector<std::string> failures_;
};

}  // namespace rateguard::simulation
