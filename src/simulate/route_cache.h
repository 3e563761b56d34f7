// The rules that fit the methods, hosts and paths of recorded requests, found once for many of them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/prefetch.h"
#include "rules/rule_set.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

// Of bounded size for any recording: each (method, host, path) has one place, held by the last one to use it. Paths
// are numbered in the order of first sight, so the commonest, which are met early, lie side by side. Not
// thread-safe.
class RouteCache {
 public:
  // Both outlive this.
  RouteCache(const Recording& recording, const rules::RuleSet& rules)
      : recording_(recording), rules_(rules), places_(kPlaces) {}

  // `facts` are the event's. The result is valid until the next call.
  const rules::Routed& find(const Event& event, const RequestFacts& facts) {
    const Key key = key_of(event);
    Place& place = places_[place_of(key)];
    if (place.key != key) [[unlikely]] {
      place.key = key;
      rules_.route(facts, place.routed);
    }
    return place.routed;
  }
  // Prefetch what find() will read: first its place; once that has arrived, what it refers
  // to.
  void prefetch_place(const Event& event) const { prefetch(&places_[place_of(key_of(event))], sizeof(Place)); }
  void prefetch_rules(const Event& event) const {
    const std::span<const rules::PathHit> hits = places_[place_of(key_of(event))].routed.hits();
    if (!hits.empty()) rateguard::prefetch(hits.data());
  }

 private:
  // Enough for the paths that most requests ask for, few enough to stay in the nearer caches.
  static constexpr size_t kPlaces = 4096;

  using Key = std::array<uint32_t, 3>;
  struct alignas(64) Place {                         // cache lines
    Key key = {UINT32_MAX, UINT32_MAX, UINT32_MAX};  // not used by any event
    rules::Routed routed;
  };

  static void prefetch(const Place* place, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) rateguard::prefetch(reinterpret_cast<const char*>(place) + at);
  }
  Key key_of(const Event& event) const { return {event.path, event.method, recording_.host_number(event)}; }
  static size_t place_of(const Key& key) { return (key[0] + key[1] * 977 + key[2] * 61) % kPlaces; }

  const Recording& recording_;
  const rules::RuleSet& rules_;
  std::vector<Place> places_;
};

}  // namespace rateguard::simulate
