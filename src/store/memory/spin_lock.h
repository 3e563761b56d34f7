// A lock of one byte. The store has one for every group of 128 counters and holds it for well under a microsecond, so
// waiting threads spin; they yield so that a holder that lost its core can run.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

#include "base/mutex.h"

namespace rateguard::memory {

class RG_CAPABILITY("spin lock") SpinLock {
 public:
  bool try_lock() RG_TRY_ACQUIRE(true) { return held_.exchange(1, std::memory_order_acquire) == 0; }

  // Not analysed: an atomic exchange makes it held afterwards.
  void lock() RG_ACQUIRE() RG_NOT_ANALYSED {
    if (!try_lock()) [[unlikely]]
      lock_contended();
  }

  void unlock() RG_RELEASE() { held_.store(0, std::memory_order_release); }

 private:
  // Longer than any holder needs (a split of a group takes about 2 us), shorter than a time slice.
  static constexpr int kSpinsBeforeYield = 100;

  [[gnu::noinline]] void lock_contended() RG_NOT_ANALYSED {
    // Reads before it tries: threads that only read do not take the cache line from each other.
    for (int spins = 0; held_.load(std::memory_order_relaxed) != 0 || !try_lock(); ++spins) {
      if (spins < kSpinsBeforeYield) {
        pause();
      } else {
        sched_yield();
      }
    }
  }

  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
  }

  std::atomic<uint8_t> held_ = 0;
};

}  // namespace rateguard::memory
