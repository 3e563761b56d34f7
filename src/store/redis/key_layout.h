// How counters are named in Redis.
//
//   <prefix>:c1:<key>            a counter, whole: <key> is store/counter_key.h's
//   <prefix>:c1:{4a0f}<key>      the same with a hash tag
//   <prefix>:h1:<10 bytes>       a concurrency counter, or <prefix>:h1:{4a0f}<10 bytes>
//   <prefix>:p1:4a0f             written to find out whether Redis takes writes; of no other meaning
//
// 1 is kLayoutVersion. A concurrency counter goes by a keyed fingerprint of its key, since a hold's 20 bytes must lead
// back to it: 2 bytes of hash tag, 10 of fingerprint, 8 of the hold's number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::redis_store {

// In a cluster, keys of one call must share a slot, which those with the same hash tag do. The caller chooses it,
// always the same for the same counter: a hash of what all limits of a request have in common. 65,535 tags spread over
// the 16,384 slots of a cluster. 0 means none, for a single Redis.
struct HashTag {
  uint16_t number = 0;
  bool operator==(const HashTag&) const = default;
};

// The names of this program's keys. All instances that share a Redis must use the same layout. Thread-safe.
class KeyLayout {
 public:
  // `prefix` begins every key. `secret` is the key of the fingerprints; any bytes, and preferably not empty if
  // strangers can choose subjects.
  explicit KeyLayout(std::string prefix = "rg", std::string secret = {});

  // Appends the name of a counter. `key` is Charge::key.
  void append_counter(std::string& out, std::string_view key, Algorithm algorithm, HashTag tag) const;
  // Appends the name of a key that probes write; in a cluster different numbers are in different slots.
  void append_probe(std::string& out, uint16_t number) const;
  // Appends the name of the counter that `hold` belongs to.
  void append_counter_of(std::string& out, const HoldId& hold) const;
  // The id of hold `number` of the concurrency counter `key`.
  HoldId hold_id(std::string_view key, HashTag tag, uint64_t number) const;
  // The number in a hold's id.
  static uint64_t hold_number(const HoldId& hold);

 private:
  void append_tag(std::string& out, HashTag tag) const;
  void append_fingerprint(std::string& out, std::string_view key) const;

  std::string counter_prefix_;
  std::string holds_prefix_;
  std::string probe_prefix_;
  std::string secret_;
};

}  // namespace rateguard::redis_store
