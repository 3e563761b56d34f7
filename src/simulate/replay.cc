#include "simulate/replay.h"

namespace rateguard::simulate {
namespace {

// Rare enough to cost nothing, often enough for a bar that moves: about every 20 ms.
constexpr size_t kEventsPerUpdate = 1 << 15;

// How many events ahead of the decision their parts are fetched from memory: a decision takes about as long as one
// fetch, and several are under way at once.
constexpr size_t kPlacesAhead = 16;
constexpr size_t kBytesAhead = 8;

}  // namespace

void replay(const Recording& recording, const Policy& policy, Store& store, const ProgressCallback& progress,
            std::span<ReplayObserver* const> observers) {
  Limiter limiter(store);
  const std::span<const Event> events = recording.events();
  const auto tell = [&](size_t done) {
    if (progress) progress({.stage = ProgressUpdate::Stage::kDecide, .done = done, .total = events.size()});
  };
  for (size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (i % kEventsPerUpdate == 0) tell(i);
    if (i + kPlacesAhead < events.size()) recording.prefetch_places(events[i + kPlacesAhead]);
    if (i + kBytesAhead < events.size()) recording.prefetch_bytes(events[i + kBytesAhead]);
    for (ReplayObserver* observer : observers) observer->before(i, event, store);
    const Outcome& outcome = limiter.check(policy, recording.facts(event), Instant{event.time_us});
    for (ReplayObserver* observer : observers) observer->decided(i, event, limiter.matches(), outcome);
  }
  tell(events.size());
}

}  // namespace rateguard::simulate
