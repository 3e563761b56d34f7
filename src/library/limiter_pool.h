// Buffers for decisions, borrowed for one call: the core's Limiter serves one thread at a time, the library any number.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "limiter/limiter.h"
#include "store/store.h"

namespace rateguard::api {

// What one decision needs; kept from call to call, so that a check allocates nothing.
struct PooledLimiter {
  explicit PooledLimiter(Store& store) : limiter(store) {}

  ::rateguard::Limiter limiter;
  Policy policy = {};           // as of policy_version
  uint64_t policy_version = 0;  // 0 if none yet
  std::string key;
  std::vector<::rateguard::Header> headers;
};

// Thread-safe. Threads that find a free place share only the policy's version, which only a reload writes.
class LimiterPool {
 public:
  explicit LimiterPool(Store& store);

  // Puts a policy in force for every borrow() that begins afterwards.
  void publish(Policy policy);

  // Gives the PooledLimiter back when it goes.
  class Loan {
   public:
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan();

    PooledLimiter& operator*() const { return *limiter_; }
    PooledLimiter* operator->() const { return limiter_; }

   private:
    friend class LimiterPool;
    explicit Loan(LimiterPool& pool);

    PooledLimiter* limiter_ = nullptr;
    std::atomic<bool>* busy_ = nullptr;  // null if every place was taken: `own_` holds the pooled one
    std::unique_ptr<PooledLimiter> own_;
  };
  Loan borrow() { return Loan(*this); }

 private:
  // More threads than this in the library at one moment are rare; those beyond it allocate.
  static constexpr size_t kPlaces = 32;
  // A cache line for each, so that neighbours do not slow each other.
  struct alignas(64) Place {
    std::atomic<bool> busy = false;
    std::unique_ptr<PooledLimiter> pooled;
  };

  void refresh(PooledLimiter& pooled);

  Store& store_;
  std::atomic<uint64_t> policy_version_ = 0;
  Mutex policy_mutex_;
  Policy policy_ RG_GUARDED_BY(policy_mutex_);
  std::array<Place, kPlaces> places_;
};

}  // namespace rateguard::api
