#include "loadgen/run.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include "loadgen/address.h"
#include "loadgen/worker.h"

namespace rateguard::loadgen {
namespace {

// How often the main thread checks for signals and for the end: too often to be noticed.
constexpr timespec kLook = {.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr int64_t kProgressNs = 250'000'000;

// Blocks SIGINT and SIGTERM for sigtimedwait(), in this thread and those it starts, as long as this lives.
class HeldSignals {
 public:
  HeldSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  // Signals after the first one meant the same.
  ~HeldSignals() {
    constexpr timespec kNow = {};
    while (sigtimedwait(&set_, nullptr, &kNow) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Sleeps a little; true if a signal came.
  bool wait() const { return sigtimedwait(&set_, nullptr, &kLook) > 0; }

 private:
  sigset_t set_ = {};
  sigset_t before_ = {};
};

Tally sum_of(const std::vector<std::unique_ptr<Worker>>& workers) {
  Tally sum;
  for (const auto& worker : workers) sum.add(worker->snapshot());
  return sum;
}

}  // namespace

Result<RunResult> run(const Plan& plan, const std::function<void(const Progress&)>& progress) {
  if (auto good = check_plan(plan); !good) return std::unexpected(good.error());
  const auto target = find_target(plan);
  if (!target) return std::unexpected(target.error());
  std::vector<std::unique_ptr<Worker>> workers;
  for (int i = 0; i < plan.threads; ++i) {
    auto worker = Worker::create(plan, *target, {.worker = i, .workers = plan.threads});
    if (!worker) return std::unexpected(worker.error());
    workers.push_back(std::move(*worker));
  }

  const HeldSignals signals;
  std::atomic<int> running = plan.threads;
  std::vector<std::jthread> threads;
  const int64_t start_ns = steady_ns();
  for (const auto& worker : workers) {
    threads.emplace_back([&running, &worker] {
      worker->run();
      --running;
    });
  }
  RunResult outcome;
  Tally earlier;
  int64_t earlier_ns = 0;
  while (running > 0) {
    if (signals.wait() && !outcome.interrupted) {
      outcome.interrupted = true;
      for (const auto& worker : workers) worker->stop();
    }
    const int64_t elapsed_ns = steady_ns() - start_ns;
    if (!progress || elapsed_ns - earlier_ns < kProgressNs) continue;
    Tally total = sum_of(workers);
    progress({.elapsed_ns = elapsed_ns, .total = &total, .earlier = &earlier, .earlier_ns = earlier_ns});
    earlier = std::move(total);
    earlier_ns = elapsed_ns;
  }
  threads.clear();
  for (const auto& worker : workers) {
    outcome.tally.add(worker->tally());
    outcome.elapsed_ns = std::max(outcome.elapsed_ns, worker->elapsed_ns());
  }
  return outcome;
}

}  // namespace rateguard::loadgen
