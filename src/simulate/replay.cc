#include "simulate/replay.h"

#include <array>

namespace rateguard::simulate {
namespace {

// Rare enough to cost nothing, often enough for a bar that moves: about every 20 ms.
constexpr size_t kEventsPerUpdate = 1 << 15;

// Events of one instant that are decided together: enough to keep as many fetches under way as a core can, few enough
// that all they touch stays in the nearer caches.
constexpr size_t kBatchMax = 16;
// How many events ahead of the decision their parts are fetched from memory: a batch ahead, first where they lie.
constexpr size_t kPlacesAhead = 3 * kBatchMax;
constexpr size_t kBytesAhead = 2 * kBatchMax;

}  // namespace

void replay(const Recording& recording, const Policy& policy, Store& store, const ProgressCallback& progress,
            std::span<ReplayObserver* const> observers) {
  Limiter limiter(store);
  const std::span<const Event> events = recording.events();
  const auto tell = [&](size_t done) {
    if (progress) progress({.stage = ProgressUpdate::Stage::kDecide, .done = done, .total = events.size()});
  };
  std::array<RequestFacts, kBatchMax> facts;
  size_t told = 0;
  for (size_t begin = 0; begin < events.size();) {
    if (begin >= told) {
      tell(begin);
      told += kEventsPerUpdate;
    }
    const Instant now{events[begin].time_us};
    size_t count = 0;
    for (size_t i = begin; count < kBatchMax && i < events.size() && events[i].time_us == now.us; ++i) {
      if (i + kPlacesAhead < events.size()) recording.prefetch_places(events[i + kPlacesAhead]);
      if (i + kBytesAhead < events.size()) recording.prefetch_bytes(events[i + kBytesAhead]);
      for (ReplayObserver* observer : observers) observer->before(i, events[i], store);
      recording.facts(events[i], facts[count++]);
    }
    limiter.check_batch(policy, std::span(facts).first(count), now);
    for (size_t i = 0; i < count; ++i) {
      for (ReplayObserver* observer : observers) {
        observer->decided(begin + i, events[begin + i], limiter.matches(i), limiter.outcome(i));
      }
    }
    begin += count;
  }
  tell(events.size());
}

}  // namespace rateguard::simulate
