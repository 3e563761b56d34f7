// The identity of a counter, as bytes. Every part is length-prefixed, so that two different (rule, subject) pairs never
// share a counter, whatever bytes they contain.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "model/limit.h"

namespace rateguard {

// The most bytes of one subject part, and of a whole key (a rule's name and up to eight parts).
inline constexpr size_t kSubjectPartMax = 1024;
inline constexpr size_t kCounterKeyMax = 10'240;

// Builds a key piece by piece into a string that the caller keeps, to save the allocation.
//
// A key holds the rule's name, its algorithm and the subject's parts; never the limit's figures, so that an edited
// limit keeps what was used.
class CounterKey {
 public:
  // A counter of a configured rule.
  static void begin_rule(std::string& out, std::string_view rule_name, Algorithm algorithm);
  // A counter of a limit that came with the request itself (POST /check with an algorithm).
  static void begin_ad_hoc(std::string& out, Algorithm algorithm);
  // The counter that records that a charge was settled (store/settlement.h), by the charge's id.
  static void begin_settlement(std::string& out, std::string_view id);
  // A counter of a descriptor of Envoy's rate limit service, appended to what `out` already holds.
  static void append_descriptor(std::string& out, std::string_view domain, Algorithm algorithm);
  static void append_part(std::string& out, std::string_view part);
};

}  // namespace rateguard
