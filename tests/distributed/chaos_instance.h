// An instance that goes on deciding whatever becomes of its Redis: FallbackStore over RedisStore on a thread of its
// own, asked all the time by clients of a few rules, and what they heard.
#pragma once

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "net/clock.h"
#include "net/event_loop.h"
#include "redis/client.h"
#include "store/fallback/fallback_store.h"
#include "store/memory/memory_store.h"
#include "store/redis/redis_store.h"

namespace rateguard::test {

// One rule for each word about a store that fails, and a request with two limits.
enum class Rule : uint8_t { kAllow, kDeny, kLocal, kPair };
inline constexpr std::array kRules = {Rule::kAllow, Rule::kDeny, Rule::kLocal, Rule::kPair};
std::string to_string(Rule rule);

// What was asked by one rule. Each check asks for one unit.
struct Tally {
  uint64_t sent = 0;
  uint64_t answered = 0;
  uint64_t by_counter = 0;  // admitted by the counter
  uint64_t by_policy = 0;
  uint32_t counter_streak = 0;            // the last answers, as far as they were all the counter's
  std::chrono::microseconds latest = {};  // without what the thread waited for a processor meanwhile
  std::string wrong = {};                 // the first answer that should not be, in words; empty: none
  // What was wrong with the answers of those by_policy for which Redis was asked, and how often.
  std::map<std::string, uint64_t> problems = {};
};

// Members are for the thread that made it; what it runs has its own.
class ChaosInstance {
 public:
  // The rules' limit: more than is ever asked, and nothing comes back within a test.
  static constexpr uint32_t kLimit = 1'000'000;
  static constexpr uint32_t kInstances = 4;  // that share it while the store fails
  // For an answer of Redis; twice the default, since a machine that builds and tests is slow by itself.
  static constexpr Duration kDeadline = Duration::millis(20);

  explicit ChaosInstance(const redis::Deployment& target,
                         redis_store::Topology topology = redis_store::Topology::kOnePrimary,
                         Duration deadline = kDeadline);
  ~ChaosInstance();
  ChaosInstance(const ChaosInstance&) = delete;
  ChaosInstance& operator=(const ChaosInstance&) = delete;

  Duration deadline() const { return deadline_; }
  Tally tally(Rule rule) const;
  std::array<Tally, kRules.size()> tallies() const;
  // Checks that were asked of Redis and had no good answer: nobody knows whether they were counted.
  uint64_t failures() const { return store_->stats().failures; }
  // Every rule's last answers were the counter's.
  bool is_well() const;
  // Every rule was answered by its policy so often since `before`.
  bool is_degraded_since(const std::array<Tally, kRules.size()>& before, uint64_t times = 10) const;
  // No more checks; waits until all that were asked are answered. False: some are not within ten seconds.
  bool stop_asking();
  // Units that the rule's counter in Redis has; asks until the counter answers. -1: it does not.
  int64_t units(Rule rule);
  // Of `local`.
  int64_t local_units(Rule rule);
  std::string problem();

 private:
  struct Asked {
    Rule rule = Rule::kAllow;
    std::array<Charge, 2> charges = {};
    ChargeGroup group = {};
    std::chrono::steady_clock::time_point since = {};
    std::chrono::nanoseconds waited_before = {};  // as waited_for_processor() at that time
  };

  // How long the calling thread has been ready to run and did not, so far: a machine with too much to do makes every
  // answer late, which is none of the store's doing. What the thread sleeps or blocks is not in it.
  std::chrono::nanoseconds waited_for_processor() const;
  void ask_all();
  void ask(Rule rule);
  void on_answer(Asked* asked);
  Charge charge_of(Rule rule, size_t which) const;
  // Runs work on the thread and waits for what it says.
  void on_loop(const std::function<void(std::function<void()> done)>& work);

  mutable std::mutex mutex_;
  std::array<Tally, kRules.size()> tallies_;  // under mutex_

  const Duration deadline_;
  uint64_t failures_seen_ = 0;  // of failures(), by on_answer()
  std::mt19937_64 random_{11};
  std::array<Limit, kRules.size()> limits_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::unique_ptr<redis::RedisClient> client_;
  std::unique_ptr<MemoryStore> local_;
  std::unique_ptr<redis_store::RedisStore> remote_;
  std::unique_ptr<FallbackStore> store_;
  std::deque<Asked> askeds_;  // as many as were ever in flight at once
  std::vector<Asked*> at_rest_;
  net::Timer asking_;
  int schedule_figures_ = -1;  // of the thread: proc(5), /proc/PID/schedstat
  std::thread thread_;
};

}  // namespace rateguard::test
