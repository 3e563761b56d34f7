#include "simulate/replay.h"

#include "simulate/route_cache.h"

namespace rateguard::simulate {
namespace {

// Rare enough to cost nothing, often enough for a bar that moves: about every 20 ms.
constexpr size_t kEventsPerUpdate = 1 << 15;

// How many events ahead of the decision their parts are fetched from memory: far enough to hide a fetch behind, near
// enough that all of them stay in the nearer caches; first where they lie.
constexpr size_t kPlacesAhead = 32;
constexpr size_t kBytesAhead = 16;

}  // namespace

void replay(const Recording& recording, const Policy& policy, Store& store, const ProgressCallback& progress,
            std::span<ReplayObserver* const> observers) {
  Limiter limiter(store);
  RouteCache routes(recording, *policy.rules);
  const std::span<const Event> events = recording.events();
  const auto tell = [&](size_t done) {
    if (progress) progress({.stage = ProgressUpdate::Stage::kDecide, .done = done, .total = events.size()});
  };
  RequestFacts facts;
  for (size_t i = 0; i < events.size(); ++i) {
    if (i % kEventsPerUpdate == 0) tell(i);
    if (i + kPlacesAhead < events.size()) {
      recording.prefetch_places(events[i + kPlacesAhead]);
      routes.prefetch_place(events[i + kPlacesAhead]);
    }
    if (i + kBytesAhead < events.size()) {
      recording.prefetch_bytes(events[i + kBytesAhead]);
      routes.prefetch_rules(events[i + kBytesAhead]);
    }
    const Event& event = events[i];
    for (ReplayObserver* observer : observers) observer->before(i, event, store);
    recording.facts(event, facts);
    const Outcome& outcome = limiter.check(policy, facts, routes.find(event, facts), Instant{event.time_us});
    for (ReplayObserver* observer : observers) observer->decided(i, event, limiter.matches(), outcome);
  }
  tell(events.size());
}

}  // namespace rateguard::simulate
