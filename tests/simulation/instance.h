// One instance of the program: its clock, its way to the shared store, its stores, and its callers.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "simulation/history.h"
#include "simulation/scenario.h"
#include "simulation/shared_store.h"
#include "simulation/virtual_time.h"
#include "store/fallback/fallback_store.h"
#include "store/lease/lease_store.h"
#include "store/memory/memory_store.h"
#include "store/remote_store.h"

namespace rateguard::simulation {

// A clock that is off, a process that may stand still.
class Host {
 public:
  Host(const InstancePlan& plan, Timeline& timeline) : plan_(plan), timeline_(timeline), start_(timeline.now()) {}

  Instant clock() const {
    const Duration passed = timeline_.now() - start_;
    return start_ + plan_.clock_offset + passed + Duration{passed.us * plan_.clock_drift_ppm / 1'000'000};
  }
  // When the process runs.
  void at(Instant t, Timeline::Event event);
  const InstancePlan& plan() const { return plan_; }
  Timeline& timeline() { return timeline_; }

 private:
  const InstancePlan& plan_;
  Timeline& timeline_;
  Instant start_;
};

// The way to the shared store: requests and answers are late or lost, but never doubled. Keeps the deadline.
class Link final : public RemoteStore {
 public:
  Link(const Scenario& scenario, size_t instance, Host& host, SharedStore& shared, uint64_t seed);

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view, const Terms&, Instant, std::move_only_function<void(ResetResult)>) override {}
  void release(const HoldId&, Instant, std::move_only_function<void(ReleaseResult)>) override {}
  void tick(Instant) override {}

  uint64_t calls() const { return calls_; }
  uint64_t failures() const { return failures_; }

 private:
  struct Call;
  void arrive(const std::shared_ptr<Call>& call);
  void answer(Call& call);
  void give_up(Call& call);
  bool is_lost();
  std::string_view own_key(std::string_view key) const;

  const Scenario& scenario_;
  const size_t instance_;
  Host& host_;
  SharedStore& shared_;
  Random random_;
  uint64_t calls_ = 0;
  uint64_t failures_ = 0;
};

// Between the store under test and the next: counts what became of its reports.
class Watch final : public RemoteStore {
 public:
  Watch(RemoteStore& next, const Scenario& scenario)
      : next_(next), scenario_(scenario), unknown_units_(scenario.keys.size()) {}

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override;
  void reset(std::string_view, const Terms&, Instant, std::move_only_function<void(ResetResult)>) override {}
  void release(const HoldId&, Instant, std::move_only_function<void(ReleaseResult)>) override {}
  void tick(Instant now) override { next_.tick(now); }

  // Of synced limits, by key: units that the shared store did not say it has charged, though it may have.
  const std::vector<uint64_t>& unknown_units() const { return unknown_units_; }

 private:
  RemoteStore& next_;
  const Scenario& scenario_;
  std::vector<uint64_t> unknown_units_;
};

class Instance {
 public:
  Instance(const Scenario& scenario, size_t index, Timeline& timeline, SharedStore& shared, History& history,
           uint64_t seed);
  ~Instance();

  size_t unanswered() const { return asked_ - answered_; }
  size_t asked() const { return asked_; }
  LeaseStats stats() const { return lease_.stats(); }
  const Link& link() const { return link_; }
  const Watch& watch() const { return watch_; }

 private:
  struct Question;
  void tick();
  void ask_again(size_t key, int64_t checks);
  void ask(size_t key);
  void on_answer(Question& question);

  const Scenario& scenario_;
  const size_t index_;
  History& history_;
  Host host_;
  Random random_;
  Link link_;
  std::unique_ptr<MemoryStore> own_counts_;
  std::unique_ptr<MemoryStore> shares_;
  FallbackStore fallback_;
  Watch watch_;
  LeaseStore lease_;
  std::deque<Question> questions_;
  size_t asked_ = 0;
  size_t answered_ = 0;
};

}  // namespace rateguard::simulation
