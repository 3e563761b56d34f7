// The store that all instances share: it decides exactly, at its own time, until it fails over and forgets.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include "simulation/history.h"
#include "simulation/scenario.h"
#include "simulation/virtual_time.h"
#include "store/memory/memory_store.h"

namespace rateguard::simulation {

class SharedStore {
 public:
  // What happened to one key.
  struct Figures {
    uint64_t lost_units = 0;                    // charged, and forgotten by a failover
    std::set<Instant> windows;                  // windows from the first request: when they started
    std::vector<std::vector<Charged>> charged;  // by instance
    std::vector<uint64_t> reported;             // of those: units by requests of this limit alone
  };

  SharedStore(const Scenario& scenario, Timeline& timeline);

  // Whether somebody is there to decide. Keys of charges are the scenario's.
  bool charge(std::span<ChargeGroup> groups, size_t instance);
  const Figures& figures(size_t key) const { return figures_[key]; }
  size_t fail_overs() const { return fail_overs_; }

 private:
  struct Written {
    Instant time;
    size_t key = 0;
    Limit limit;  // that it was held to
    Cost cost;
  };

  void note(const Charge& charge, size_t instance, bool is_alone);
  void fail_over(const FailOver& over);
  size_t index_of(std::string_view key) const;

  const Scenario& scenario_;
  Timeline& timeline_;
  std::unique_ptr<MemoryStore> counters_;
  std::vector<Written> written_;
  std::vector<Figures> figures_;
  Instant back_at_ = {};
  size_t fail_overs_ = 0;
};

}  // namespace rateguard::simulation
