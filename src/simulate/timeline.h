// Decisions over time: counts per equal piece of the span that the log covers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulate/replay.h"

namespace rateguard::simulate {

// The pieces of time that every plot of a report shares.
struct TimeGrid {
  Instant begin = {};
  Duration step = Duration::seconds(1);
  size_t pieces = 1;

  // Covers [first, last] by at most `pieces_max` pieces of a length that people count in (1 s, 5 min, 1 h, 1 day...),
  // aligned to multiples of it. REQUIRES: first <= last, pieces_max >= 2.
  static TimeGrid over(Instant first, Instant last, size_t pieces_max);
  Instant end_of(size_t piece) const { return begin + step * static_cast<int64_t>(piece + 1); }
};

// Counts per piece.
struct TimelineCounts {
  std::vector<uint64_t> admitted;
  std::vector<uint64_t> refused;
  std::vector<uint64_t> refused_by_others;
  std::vector<uint64_t> shadow_refused;
};

class Timeline : public ReplayObserver {
 public:
  // `rules` are the policy's.
  Timeline(const TimeGrid& grid, std::span<const rules::Rule> rules);

  void before(size_t, const Event&, Store&) override {}
  void decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) override;

  const TimelineCounts& total() const { return total_; }
  const std::vector<TimelineCounts>& rules() const { return rules_; }

 private:
  void count_uncounted(const rules::UncountedRule& uncounted, const Outcome& outcome);

  TimeGrid grid_;
  std::vector<rules::RuleMode> modes_;  // by rule
  size_t piece_ = 0;
  TimelineCounts total_;
  std::vector<TimelineCounts> rules_;
};

}  // namespace rateguard::simulate
