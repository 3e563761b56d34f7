#include "simulate/quota_series.h"

#include <algorithm>
#include <utility>

namespace rateguard::simulate {
namespace {

constexpr size_t kPiecesMax = 240;  // of a plot: about what a wide screen shows apart
constexpr int64_t kTailPiecesMin =
    60;  // that a counter is followed for after its last request, where it has not recovered

template <typename T, typename Join>
void join_pairs(std::vector<T>& values, Join&& join) {
  for (size_t i = 0; i < values.size(); i += 2) {
    values[i / 2] = i + 1 < values.size() ? join(values[i], values[i + 1]) : values[i];
  }
  values.resize((values.size() + 1) / 2);
}

// Doubles the step.
void coarsen(QuotaSeries& series) {
  join_pairs(series.lowest, [](auto a, auto b) { return a && b ? std::min(*a, *b) : a ? a : b; });
  join_pairs(series.at_end, [](auto a, auto b) { return b ? b : a; });
  join_pairs(series.refused, [](uint32_t a, uint32_t b) { return a + b; });
  series.grid.step = series.grid.step * 2;
  series.grid.pieces = series.lowest.size();
}

// The piece that an instant lies in, as the last one so far; `gap` is what those between are taken to have left.
size_t reach(QuotaSeries& series, Instant at, std::optional<uint64_t> gap) {
  const auto piece_of = [&] { return static_cast<size_t>((at - series.grid.begin).us / series.grid.step.us); };
  while (piece_of() >= kPiecesMax) coarsen(series);
  const size_t piece = piece_of();
  while (series.lowest.size() <= piece) {
    const bool between = series.lowest.size() < piece;
    series.lowest.push_back(between ? gap : std::nullopt);
    series.at_end.push_back(between ? gap : std::nullopt);
    series.refused.push_back(0);
  }
  series.grid.pieces = series.lowest.size();
  return piece;
}

void lower(std::optional<uint64_t>& lowest, uint64_t remaining) {
  lowest = std::min(lowest.value_or(remaining), remaining);
}

}  // namespace

QuotaObserver::QuotaObserver(std::vector<std::string> keys) : series_(keys.size()), following_(keys.size()) {
  for (size_t i = 0; i < keys.size(); ++i) series_[i].key = std::move(keys[i]);
  for (size_t i = 0; i < series_.size(); ++i) index_.emplace(series_[i].key, i);
}

void QuotaObserver::before(size_t, const Event& event, Store& store) {
  const Instant now{event.time_us};
  if (now < next_look_) return;
  for (size_t i = 0; i < series_.size(); ++i) follow(i, now, store);
  schedule();
}

void QuotaObserver::decided(size_t, const Event& event, const rules::Matches& matches, const Outcome& outcome) {
  const Instant now{event.time_us};
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const auto found = index_.find(matches.limits()[i].key);
    if (found == index_.end()) continue;
    QuotaSeries& series = series_[found->second];
    Following& following = following_[found->second];
    const Decision& decision = outcome.judged[i].decision;
    if (following.limit == nullptr) {
      following.first = now;
      series.grid.begin = Instant{now.us - now.us % 1'000'000};
    }
    const size_t piece = reach(series, now, following.has_recovered ? std::optional(series.limit) : std::nullopt);
    following = {.limit = matches.limits()[i].limit, .first = following.first, .last = now, .is_watched = true};
    series.rule = outcome.judged[i].rule;
    series.limit = decision.limit;
    series.refused[piece] += !decision.allowed();
    lower(series.lowest[piece], decision.remaining);
    next_look_ = std::min(next_look_, series.grid.end_of(piece));
  }
}

// Looks at a counter at the ends of its pieces up to an instant.
void QuotaObserver::follow(size_t index, Instant until, Store& store) {
  QuotaSeries& series = series_[index];
  Following& following = following_[index];
  while (following.is_watched && series.grid.end_of(series.grid.pieces - 1) <= until) {
    const Instant end = series.grid.end_of(series.grid.pieces - 1);
    // An instant before the end, so that a window which begins there does not show in the piece before it.
    sample_counter(index, end - Duration::micros(1), store);
    following.has_recovered = series.at_end.back() == series.limit;
    const Duration busy = following.last - following.first;
    const Duration tail = std::max(busy, series.grid.step * kTailPiecesMin);
    following.is_watched = !following.has_recovered && end - following.last < tail;
    if (following.is_watched) reach(series, end, std::nullopt);
  }
}

void QuotaObserver::sample_counter(size_t index, Instant at, Store& store) {
  QuotaSeries& series = series_[index];
  Charge charge{.key = series.key, .limit = following_[index].limit, .cost = {0}, .mode = Mode::kEnforce};
  store.charge({{&charge, 1}}, at);
  series.at_end.back() = charge.decision.remaining;
  lower(series.lowest.back(), charge.decision.remaining);
}

void QuotaObserver::schedule() {
  next_look_ = Instant::max();
  for (size_t i = 0; i < series_.size(); ++i) {
    if (following_[i].is_watched) next_look_ = std::min(next_look_, series_[i].grid.end_of(series_[i].grid.pieces - 1));
  }
}

void QuotaObserver::finish(Store& store) {
  for (size_t i = 0; i < series_.size(); ++i) {
    // Up to its tail's end, which no piece has passed as long as it is watched.
    while (following_[i].is_watched) follow(i, series_[i].grid.end_of(series_[i].grid.pieces - 1), store);
  }
}

}  // namespace rateguard::simulate
