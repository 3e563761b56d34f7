// What a few chosen counters had left, over time. Needs a separate replay: which ones are worth watching is known only
// after the first.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulate/replay.h"
#include "simulate/timeline.h"

namespace rateguard::simulate {

struct QuotaSeries {
  std::string key;  // the counter's
  rules::RuleId rule = 0;
  // From the counter's first request to its last one and somewhat beyond: a subject that was busy for two minutes of
  // two days would be a single piece of the report's grid. Steps of 1, 2, 4... seconds, as many as fit.
  TimeGrid grid = {.pieces = 0};
  // Per piece of that grid; nullopt if there was no request for long and the counter was not examined.
  std::vector<std::optional<uint64_t>> lowest;  // remaining, right after a decision or at the piece's end
  std::vector<std::optional<uint64_t>> at_end;  // remaining at the piece's end
  std::vector<uint32_t> refused;
  uint64_t limit = 0;  // as of its last decision
};

// Follows counters by their keys; asks the store at the end of each piece, at cost 0, which changes nothing, until the
// counter has recovered or has been idle as long again as it was busy.
class QuotaObserver : public ReplayObserver {
 public:
  explicit QuotaObserver(std::vector<std::string> keys);

  void before(size_t index, const Event& event, Store& store) override;
  void decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) override;
  // Follows the counters beyond the last event.
  void finish(Store& store);

  const std::vector<QuotaSeries>& series() const { return series_; }

 private:
  // What is known about a series besides what is shown.
  struct Following {
    const Limit* limit = nullptr;  // as last matched; null before
    Instant first = {};
    Instant last = {};           // decision
    bool is_watched = false;     // its pieces are looked at as they end
    bool has_recovered = false;  // why it is not
  };

  void follow(size_t index, Instant until, Store& store);
  void sample_counter(size_t index, Instant at, Store& store);
  void schedule();

  std::vector<QuotaSeries> series_;
  std::vector<Following> following_;  // of the series
  Instant next_look_ = Instant::max();
  std::unordered_map<std::string_view, size_t> index_;
};

}  // namespace rateguard::simulate
