// What a few chosen counters had left, over time. Needs a replay of its own: who is worth watching is known after the
// first.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulate/timeline.h"

namespace rateguard::simulate {

struct QuotaSeries {
  std::string key;  // the counter's
  rules::RuleId rule = 0;
  // Per piece of the grid; nullopt before the counter's first request.
  std::vector<std::optional<uint32_t>> lowest;  // remaining, right after a decision or at the piece's end
  std::vector<std::optional<uint32_t>> at_end;  // remaining at the piece's end
  std::vector<uint32_t> refused;
  uint32_t limit = 0;  // as of its last decision
};

// Follows counters by their keys; asks the store at the end of each piece, at cost 0, which changes nothing.
class QuotaObserver : public ReplayObserver {
 public:
  QuotaObserver(const TimeGrid& grid, std::vector<std::string> keys);

  void before(size_t index, const Event& event, Store& store) override;
  void decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) override;
  // Asks at the ends of the pieces that are left, once the last event is decided.
  void finish(Store& store);

  const std::vector<QuotaSeries>& series() const { return series_; }

 private:
  void peek_all(Store& store);

  TimeGrid grid_;
  size_t piece_ = 0;
  std::vector<QuotaSeries> series_;
  std::vector<const Limit*> limits_;  // of the series, as last matched; null before
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace rateguard::simulate
