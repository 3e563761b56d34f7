#include "simulate/quota_series.h"

#include <algorithm>
#include <utility>

namespace rateguard::simulate {

QuotaObserver::QuotaObserver(const TimeGrid& grid, std::vector<std::string> keys)
    : grid_(grid), series_(keys.size()), limits_(keys.size()) {
  for (size_t i = 0; i < keys.size(); ++i) {
    series_[i].key = std::move(keys[i]);
    series_[i].lowest.resize(grid.pieces);
    series_[i].at_end.resize(grid.pieces);
    series_[i].refused.resize(grid.pieces);
  }
  for (size_t i = 0; i < series_.size(); ++i) index_.emplace(series_[i].key, i);
}

void QuotaObserver::before(size_t, const Event& event, Store& store) {
  while (Instant{event.time_us} >= grid_.end_of(piece_) && piece_ + 1 < grid_.pieces) {
    peek_all(store);
    ++piece_;
  }
}

void QuotaObserver::decided(size_t, const Event&, const rules::Matches& matches, const Outcome& outcome) {
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const auto found = index_.find(matches.limits()[i].key);
    if (found == index_.end()) continue;
    QuotaSeries& series = series_[found->second];
    const Decision& decision = outcome.judged[i].decision;
    limits_[found->second] = matches.limits()[i].limit;
    series.rule = outcome.judged[i].rule;
    series.limit = decision.limit;
    series.refused[piece_] += !decision.allowed();
    auto& lowest = series.lowest[piece_];
    lowest = std::min(lowest.value_or(decision.remaining), decision.remaining);
  }
}

void QuotaObserver::peek_all(Store& store) {
  // An instant before the end, so that a window which begins there does not show in the piece before it.
  const Instant at = grid_.end_of(piece_) - Duration::micros(1);
  for (size_t i = 0; i < series_.size(); ++i) {
    if (limits_[i] == nullptr) continue;
    Charge charge{.key = series_[i].key, .limit = limits_[i], .cost = {0}, .mode = Mode::kEnforce};
    store.charge({{&charge, 1}}, at);
    QuotaSeries& series = series_[i];
    series.at_end[piece_] = charge.decision.remaining;
    auto& lowest = series.lowest[piece_];
    lowest = std::min(lowest.value_or(charge.decision.remaining), charge.decision.remaining);
  }
}

void QuotaObserver::finish(Store& store) {
  for (; piece_ < grid_.pieces; ++piece_) peek_all(store);
}

}  // namespace rateguard::simulate
