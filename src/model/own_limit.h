// A limit of one caller's own, or of a plan, as the catalog keeps it: how much, but not how it is counted. That is the
// rule's to say, so that the caller's counter stays the same one.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard {

struct OwnLimit {
  uint64_t units = 0;    // 0: unlimited
  Duration period = {};  // 0: the rule's
  uint64_t burst = 0;    // 0: none is given

  bool is_unlimited() const { return units == 0; }
  // "600/m", "600/m burst 60", a number alone, or "unlimited". Errors: kInvalid, quoting the text and saying what was
  // expected.
  static Result<OwnLimit> parse(std::string_view text);
  // So many units, counted as `rule` counts: its algorithm, its windows, its debts. Errors: kInvalid for what the
  // algorithm cannot take: a burst of windows, a period of concurrency or of the calendar, too many units.
  // REQUIRES: it is not unlimited.
  Result<Limit> counted_as(const Limit& rule) const;

  bool operator==(const OwnLimit&) const = default;
};

}  // namespace rateguard
