// For tests: a LeaseStore over a FakeRemote, and its callers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string_view>

#include "store/lease/fake_remote.h"
#include "store/lease/lease_store.h"
#include "store/memory/memory_store.h"

namespace rateguard::lease {

inline constexpr Duration kSecond = Duration::seconds(1);
inline constexpr Duration kDay = Duration::seconds(86'400);

// A request with one limit, as its caller keeps it.
struct SingleCharge {
  Charge charge;
  ChargeGroup group;
  bool is_done = false;

  bool allowed() const { return charge.decision.allowed(); }
};

class LeaseFixture : public testing::Test {
 protected:
  SingleCharge& send(const Limit& limit, uint64_t cost = 1, Consistency consistency = Consistency::kLease,
                     std::string_view key = "key") {
    SingleCharge& question = questions_.emplace_back();
    question.charge = {.key = key, .limit = &limit, .cost = {cost}, .terms = {.consistency = consistency}};
    question.group = {std::span(&question.charge, 1)};
    store_.charge({&question.group, 1}, now(), [&question] { question.is_done = true; });
    return question;
  }
  Charge ask(const Limit& limit, uint64_t cost = 1, Consistency consistency = Consistency::kLease) {
    const SingleCharge& question = send(limit, cost, consistency);
    EXPECT_TRUE(question.is_done);
    return question.charge;
  }
  Decision give_back(const Limit& limit, uint64_t units, Consistency consistency) {
    Charge charge = {
        .key = "key", .limit = &limit, .cost = {units, Movement::kGiveBack}, .terms = {.consistency = consistency}};
    ChargeGroup group{std::span(&charge, 1)};
    bool is_done = false;
    store_.charge({&group, 1}, now(), [&is_done] { is_done = true; });
    EXPECT_TRUE(is_done);
    EXPECT_EQ(charge.basis, Basis::kCounter);
    return charge.decision;
  }
  // How many of `count` are admitted.
  uint32_t ask_many(const Limit& limit, uint32_t count, Consistency consistency = Consistency::kLease) {
    uint32_t admitted = 0;
    for (uint32_t i = 0; i < count; ++i) admitted += ask(limit, 1, consistency).decision.allowed();
    return admitted;
  }
  // As another instance would.
  uint64_t take_elsewhere(const Limit& limit, uint64_t cost) {
    Charge charge = {.key = "key", .limit = &limit, .cost = {cost}};
    remote_.counters->charge({std::span(&charge, 1)}, remote_.now);
    EXPECT_TRUE(charge.decision.allowed());
    return charge.decision.remaining;
  }
  uint64_t left_there(const Limit& limit) {
    Charge look = {.key = "key", .limit = &limit, .cost = {0}};
    remote_.counters->charge({std::span(&look, 1)}, remote_.now);
    return look.decision.remaining;
  }
  Instant now() const { return remote_.now; }
  void pass(Duration span) {
    const Instant end = now() + span;
    while (now() < end) {
      remote_.now = std::min(now() + Duration::millis(10), end);
      store_.tick(now());
    }
  }

  const Limit window_ = Limit::fixed_window(1'000, kDay).value();
  const Limit bucket_ = Limit::token_bucket(100, {100, kSecond}).value();

  FakeRemote remote_;
  std::unique_ptr<MemoryStore> local_ = MemoryStore::create({.max_keys = 1'000}).value();
  LeaseStore store_{remote_, *local_, {.counters_max = 3, .now = [this] { return now(); }}};
  std::deque<SingleCharge> questions_;
};

}  // namespace rateguard::lease
