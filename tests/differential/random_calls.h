// Random requests on a few counters, from a seed: the same seed, the same requests, on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/decision.h"
#include "model/limit.h"
#include "store/store.h"

namespace rateguard::test {

// What a limit is, in words.
std::string describe(const Limit& limit);

class RandomCalls {
 public:
  // Instants lie between `earliest` and the latest that the algorithms take, in 2041.
  RandomCalls(uint64_t seed, Instant earliest);

  enum class Kind : uint8_t { kCharge, kRelease, kReset };
  // What comes next. Moves the time, and may edit a limit.
  Kind next();
  Instant now() const { return now_; }
  // kCharge: one to four limits, borrowed until their counter's limit is edited.
  std::vector<Charge> charges();
  // kReset: whose.
  const std::string& key();
  // A number below `end`.
  uint64_t below(uint64_t end) { return random_() % end; }
  uint64_t bits() { return random_(); }
  // The answer to the last charges, from which times and costs of the next follow.
  void answered(const Charge& charge) { last_ = charge.decision; }

 private:
  struct Counter {
    std::string key;
    Limit limit;
  };

  uint64_t units();
  Duration period();
  Limit limit(Algorithm algorithm);
  Limit nearby(const Limit& limit);
  Limit window(uint64_t most);
  Algorithm algorithm();
  Cost cost(const Limit& limit);
  // Now and then use after the fact, or units given back.
  Movement movement(const Limit& limit);
  void step();

  std::mt19937_64 random_;
  const Instant earliest_;
  Instant now_;
  bool is_dense_ = false;  // one or two counters, charged at small steps: long logs, many holds
  std::vector<Counter> counters_;
  Decision last_ = {};
};

}  // namespace rateguard::test
