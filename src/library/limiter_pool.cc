#include "library/limiter_pool.h"

#include <utility>

namespace rateguard::api {
namespace {

// A number for this thread, so that each begins its search at a different place.
size_t thread_number() {
  static std::atomic<size_t> next = 0;
  thread_local const size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

}  // namespace

LimiterPool::LimiterPool(Store& store) : store_(store) {
  for (Place& place : places_) place.pooled = std::make_unique<PooledLimiter>(store);
}

void LimiterPool::publish(Policy policy) {
  const HeldLock lock(policy_mutex_);
  policy_ = std::move(policy);
  policy_version_.fetch_add(1, std::memory_order_release);
}

void LimiterPool::refresh(PooledLimiter& pooled) {
  if (pooled.policy_version == policy_version_.load(std::memory_order_acquire)) return;
  const HeldLock lock(policy_mutex_);
  pooled.policy = policy_;
  pooled.policy_version = policy_version_.load(std::memory_order_relaxed);
}

LimiterPool::Loan::Loan(LimiterPool& pool) {
  const size_t first = thread_number();
  for (size_t i = 0; i < kPlaces && limiter_ == nullptr; ++i) {
    Place& place = pool.places_[(first + i) % kPlaces];
    if (place.busy.load(std::memory_order_relaxed) || place.busy.exchange(true, std::memory_order_acquire)) continue;
    busy_ = &place.busy;
    limiter_ = place.pooled.get();
  }
  if (limiter_ == nullptr) {
    own_ = std::make_unique<PooledLimiter>(pool.store_);
    limiter_ = own_.get();
  }
  pool.refresh(*limiter_);
}

LimiterPool::Loan::~Loan() {
  if (busy_ != nullptr) busy_->store(false, std::memory_order_release);
}

}  // namespace rateguard::api
