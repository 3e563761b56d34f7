#include "server/store_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace rateguard::server {
namespace {

// How many reasons of one failure are remembered.
constexpr size_t kReasonsMax = 16;

// Two texts that differ only in numbers, or in what follows a script's name, have the same reason.
std::string kind_of(std::string_view problem) {
  std::string kind;
  for (const char c : problem.substr(0, problem.find(" script: "))) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit || !kind.ends_with('#')) kind += is_digit ? '#' : c;
  }
  return kind;
}

int64_t seconds(Duration span) {
  return span.us / 1'000'000;
}

}  // namespace

StoreHealth::StoreHealth(std::string name, std::string address, Log& log)
    : name_(std::move(name)), address_(std::move(address)), log_(log) {}

size_t StoreHealth::add_loop() {
  const HeldLock lock(mutex_);
  sights_.emplace_back();
  return sights_.size() - 1;
}

void StoreHealth::see(size_t loop, StoreSight sight, Instant now) {
  const HeldLock lock(mutex_);
  sights_[loop] = std::move(sight);
  if (failing() > 0) {
    works_since_.reset();
    if (!failing_since_) failing_since_ = now;
    look_at_failure(now);
  } else {
    failing_since_.reset();
    if (!works_since_) works_since_ = now;
    look_at_recovery(now);
  }
  look_at_degraded(now);
}

void StoreHealth::note_said_failing(std::string_view problem, Instant now) {
  const HeldLock lock(mutex_);
  said_ = Said::kFails;
  failed_at_ = now;
  reasons_ = {{kind_of(problem), now}};
  reason_said_at_ = now;
}

void StoreHealth::look_at_failure(Instant now) {
  if (said_ != Said::kFails) {
    if (now - *failing_since_ < kFailsAfter) return;
    said_ = Said::kFails;
    failed_at_ = *failing_since_;
    reasons_.clear();
    return say_failing("redis fails; rules go by their on_store_failure", now);
  }
  if (reason_said_at_ && now - *reason_said_at_ < kReasonPause) return;
  if (is_news(problem(), now)) say_failing("redis still fails", now);
}

// False if this failure's log lines named the reason a short time ago.
bool StoreHealth::is_news(std::string_view problem, Instant now) {
  const auto known = std::ranges::find(reasons_, kind_of(problem), &Reason::kind);
  return known == reasons_.end() || now - known->said_at >= kSameReasonPause;
}

void StoreHealth::say_failing(std::string_view message, Instant now) {
  const std::string& why = problem();
  log_.write(LogLevel::kWarn, message,
             {{"store", name_},
              {"address", address_},
              {"loops", static_cast<int64_t>(failing())},
              {"seconds", seconds(now - failed_at_)},
              {"why", why}});
  std::erase_if(reasons_, [kind = kind_of(why)](const Reason& reason) { return reason.kind == kind; });
  if (reasons_.size() >= kReasonsMax) reasons_.erase(reasons_.begin());
  reasons_.push_back({kind_of(why), now});
  reason_said_at_ = now;
}

void StoreHealth::look_at_recovery(Instant now) {
  if (said_ == Said::kWorks) return;
  if (said_ == Said::kNothing) {
    said_ = Said::kWorks;
    return log_.write(LogLevel::kInfo, "redis connected", {{"store", name_}, {"address", address_}});
  }
  if (now - *works_since_ < kWorksAfter) return;
  said_ = Said::kWorks;
  log_.write(LogLevel::kInfo, "redis answers again",
             {{"store", name_},
              {"address", address_},
              {"seconds", seconds(*works_since_ - failed_at_)},
              {"degraded", static_cast<int64_t>(degraded() - degraded_told_)}});
  degraded_told_ = degraded();
  degraded_since_.reset();
}

// Degraded requests of a failure are reported when it is over. The first ones may come just before the line about it.
void StoreHealth::look_at_degraded(Instant now) {
  if (said_ == Said::kFails || degraded() == degraded_told_) return;
  if (!degraded_since_) degraded_since_ = now;
  if (now - *degraded_since_ < kWorksAfter) return;
  if (degraded_said_at_ && now - *degraded_said_at_ < kDegradedPause) return;
  const auto last = std::ranges::find_if(sights_, [](const StoreSight& sight) { return !sight.problem.empty(); });
  log_.write(LogLevel::kWarn, "redis works, but some requests were decided without it, by on_store_failure",
             {{"store", name_},
              {"address", address_},
              {"requests", static_cast<int64_t>(degraded() - degraded_told_)},
              {"why", last == sights_.end() ? std::string_view() : last->problem}});
  degraded_told_ = degraded();
  degraded_since_.reset();
  degraded_said_at_ = now;
}

size_t StoreHealth::failing() const {
  return static_cast<size_t>(std::ranges::count(sights_, false, &StoreSight::works));
}

// The problem of the first loop whose store does not work. REQUIRES: there is one.
const std::string& StoreHealth::problem() const {
  return std::ranges::find(sights_, false, &StoreSight::works)->problem;
}

uint64_t StoreHealth::degraded() const {
  return std::transform_reduce(sights_.begin(), sights_.end(), uint64_t{0}, std::plus(),
                               [](const StoreSight& sight) { return sight.degraded; });
}

size_t StoreHealth::failing_loops() const {
  const HeldLock lock(mutex_);
  return failing();
}

std::string StoreHealth::words(Instant now) const {
  const HeldLock lock(mutex_);
  if (failing() == 0) return "";
  const Instant since = said_ == Said::kFails ? failed_at_ : failing_since_.value_or(now);
  return fmt::format("failing for {} s: {}", std::max<int64_t>(0, seconds(now - since)), problem());
}

}  // namespace rateguard::server
