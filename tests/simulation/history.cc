#include "simulation/history.h"

#include <algorithm>
#include <map>
#include <queue>
#include <span>

#include "algorithm/window.h"

namespace rateguard::simulation {
namespace {

// In the order in which they were told.
using Admissions = std::span<const Admission>;

// Of those that surely happened within [a, b], more than `capacity` and what comes back in between. All a and b that
// matter: where one was asked, and where one was told.
int64_t beyond_bucket(const Limit& limit, Admissions admissions) {
  int64_t most = INT64_MIN;
  for (const Admission& first : admissions) {
    int64_t units = 0;
    for (const Admission& last : admissions) {
      if (last.from < first.from) continue;
      units += last.cost.units;
      const auto came_back = static_cast<__int128>((last.to - first.from).us) * limit.rate.units / limit.rate.period.us;
      most = std::max(most, units - static_cast<int64_t>(came_back) - static_cast<int64_t>(limit.capacity));
    }
  }
  return most;
}

// The same for (t - period, t].
int64_t beyond_log(const Limit& limit, Admissions admissions) {
  int64_t most = INT64_MIN;
  for (const Admission& first : admissions) {
    int64_t units = 0;
    for (const Admission& last : admissions) {
      if (last.from < first.from) continue;
      if (last.to - first.from >= limit.period()) break;
      units += last.cost.units;
    }
    most = std::max(most, units - static_cast<int64_t>(limit.capacity));
  }
  return most;
}

int64_t units_within(Admissions admissions, algorithm::Window window) {
  int64_t units = 0;
  for (const Admission& admission : admissions) {
    if (admission.from >= window.start && admission.to < window.end) units += admission.cost.units;
  }
  return units;
}

int64_t beyond_first_windows(const Limit& limit, Admissions admissions, const std::set<Instant>& starts) {
  int64_t most = INT64_MIN;
  for (const Instant start : starts) {
    most = std::max(most,
                    units_within(admissions, {start, start + limit.period()}) - static_cast<int64_t>(limit.capacity));
  }
  return most;
}

// Units that surely happened in each window from the epoch, by its start.
std::map<Instant, int64_t> by_window(const Limit& limit, Admissions admissions) {
  std::map<Instant, int64_t> units;
  for (const Admission& admission : admissions) {
    const algorithm::Window window = algorithm::epoch_window(admission.from, limit.period());
    if (admission.to < window.end) units[window.start] += admission.cost.units;
  }
  return units;
}

int64_t beyond_windows(const Limit& limit, Admissions admissions) {
  int64_t most = INT64_MIN;
  for (const auto& [start, units] : by_window(limit, admissions))
    most = std::max(most, units - static_cast<int64_t>(limit.capacity));
  return most;
}

// What the counter weighs when each is told.
int64_t beyond_counter(const Limit& limit, Admissions admissions) {
  const auto all = by_window(limit, admissions);
  int64_t most = INT64_MIN;
  std::map<Instant, int64_t> current;
  for (const Admission& admission : admissions) {
    const algorithm::Window window = algorithm::epoch_window(admission.from, limit.period());
    if (admission.to >= window.end) continue;
    const int64_t now = current[window.start] += admission.cost.units;
    const auto before = all.find(window.start - limit.period());
    const int64_t previous = before == all.end() ? 0 : before->second;
    const int64_t period_us = limit.period().us;
    const int64_t weight = (previous * (window.end - admission.to).us + period_us - 1) / period_us;
    most = std::max(most, now + weight - static_cast<int64_t>(limit.capacity));
  }
  return most;
}

}  // namespace

History::History(const Scenario& scenario) : scenario_(scenario), keys_(scenario.keys.size()) {
  for (Key& key : keys_) {
    key.admitted_alone.resize(scenario.instances.size());
    key.asked.resize(scenario.instances.size());
  }
}

void History::note_asked(size_t key, size_t instance, Instant t, Cost cost) {
  keys_[key].asked[instance].push_back({t, cost});
}

void History::note_admitted(size_t key, Admission admission, Alone alone) {
  keys_[key].admissions.push_back(admission);
  if (alone == Alone::kYes) keys_[key].admitted_alone[admission.instance] += admission.cost.units;
}

uint64_t History::uncharged(size_t key, size_t instance, std::span<const Charged> charged, Duration life) const {
  std::vector<Admission> open;  // by when a charge may first be theirs
  for (const Admission& admission : keys_[key].admissions) {
    if (admission.instance == instance) open.push_back(admission);
  }
  std::ranges::sort(open, {}, &Admission::from);
  // Each unit goes to the admission that can wait the least: where units can be dealt out at all, this deals them out.
  const auto is_later = [](const Admission& a, const Admission& b) { return a.to > b.to; };
  std::priority_queue<Admission, std::vector<Admission>, decltype(is_later)> waiting(is_later);
  uint64_t missing = 0;
  size_t next = 0;
  const auto drop_before = [&](Instant t) {
    for (; !waiting.empty() && waiting.top().to < t; waiting.pop()) missing += waiting.top().cost.units;
  };
  for (Charged units : charged) {
    for (; next < open.size() && open[next].from - life <= units.time; ++next) waiting.push(open[next]);
    drop_before(units.time);
    while (units.cost.units != 0 && !waiting.empty()) {
      Admission first = waiting.top();
      waiting.pop();
      const uint64_t dealt = std::min(units.cost.units, first.cost.units);
      units.cost.units -= dealt;
      first.cost.units -= dealt;
      if (first.cost.units != 0) waiting.push(first);
    }
  }
  for (; next < open.size(); ++next) missing += open[next].cost.units;
  for (; !waiting.empty(); waiting.pop()) missing += waiting.top().cost.units;
  return missing;
}

uint64_t History::most_asked(size_t key, size_t instance, Duration span) const {
  const std::vector<Asked>& asked = keys_[key].asked[instance];
  uint64_t most = 0;
  uint64_t units = 0;
  size_t first = 0;
  for (const Asked& last : asked) {
    units += last.cost.units;
    while (last.time - asked[first].time > span) units -= asked[first++].cost.units;
    most = std::max(most, units);
  }
  return most;
}

int64_t History::most_beyond(size_t key, const std::set<Instant>& first_windows) {
  const Limit& limit = scenario_.keys[key].limit;
  std::vector<Admission>& admissions = keys_[key].admissions;
  std::ranges::sort(admissions, {}, &Admission::to);
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
      return beyond_bucket(limit, admissions);
    case Algorithm::kSlidingWindowLog:
      return beyond_log(limit, admissions);
    case Algorithm::kSlidingWindowCounter:
      return beyond_counter(limit, admissions);
    default:
      if (limit.anchor == Anchor::kFirstRequest) return beyond_first_windows(limit, admissions, first_windows);
      return beyond_windows(limit, admissions);
  }
}

}  // namespace rateguard::simulation
