// Locks that a compiler can check. A member that a lock guards says so with RG_GUARDED_BY(lock), a function that must
// be called with the lock held says RG_REQUIRES(lock); clang's thread safety analysis (the preset `clang`) then refuses
// code that touches the one or calls the other without it. The standard library's own locks are unknown to that
// analysis. https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#ifdef __clang__
#define RG_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define RG_THREAD_ANNOTATION(x)
#endif

// For a class whose objects are locks, and for one whose objects hold a lock while they live.
#define RG_CAPABILITY(name) RG_THREAD_ANNOTATION(capability(name))
#define RG_SCOPED_CAPABILITY RG_THREAD_ANNOTATION(scoped_lockable)
// For a member, and for what a pointer points to.
#define RG_GUARDED_BY(lock) RG_THREAD_ANNOTATION(guarded_by(lock))
#define RG_POINTEE_GUARDED_BY(lock) RG_THREAD_ANNOTATION(pt_guarded_by(lock))
// For a function whose caller must hold the lock, or must not.
#define RG_REQUIRES(...) RG_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define RG_EXCLUDES(...) RG_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
// For a function that takes a lock or releases it.
#define RG_ACQUIRE(...) RG_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RG_ACQUIRE_SHARED(...) RG_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define RG_TRY_ACQUIRE(...) RG_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define RG_RELEASE(...) RG_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define RG_RELEASE_SHARED(...) RG_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define RG_RELEASE_EITHER(...) RG_THREAD_ANNOTATION(release_generic_capability(__VA_ARGS__))
// For a function that the analysis cannot follow. Say beside it why it is correct nevertheless.
#define RG_NOT_ANALYSED RG_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace rateguard {

// As std::mutex.
class RG_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() RG_ACQUIRE() { mutex_.lock(); }
  bool try_lock() RG_TRY_ACQUIRE(true) { return mutex_.try_lock(); }
  void unlock() RG_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// As std::shared_mutex: many readers, or one writer.
class RG_CAPABILITY("shared mutex") SharedMutex {
 public:
  SharedMutex() = default;
  SharedMutex(const SharedMutex&) = delete;
  SharedMutex& operator=(const SharedMutex&) = delete;

  void lock() RG_ACQUIRE() { mutex_.lock(); }
  void unlock() RG_RELEASE() { mutex_.unlock(); }
  void lock_shared() RG_ACQUIRE_SHARED() { mutex_.lock_shared(); }
  void unlock_shared() RG_RELEASE_SHARED() { mutex_.unlock_shared(); }

 private:
  std::shared_mutex mutex_;
};

// Holds a lock of any of these kinds while it lives.
template <typename AnyLock>
class RG_SCOPED_CAPABILITY HeldLock {
 public:
  explicit HeldLock(AnyLock& lock) RG_ACQUIRE(lock) : lock_(lock) { lock_.lock(); }
  ~HeldLock() RG_RELEASE() { lock_.unlock(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  AnyLock& lock_;
};

// Reads under a SharedMutex while it lives.
class RG_SCOPED_CAPABILITY HeldSharedLock {
 public:
  explicit HeldSharedLock(SharedMutex& mutex) RG_ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex_.lock_shared(); }
  ~HeldSharedLock() RG_RELEASE_EITHER() { mutex_.unlock_shared(); }
  HeldSharedLock(const HeldSharedLock&) = delete;
  HeldSharedLock& operator=(const HeldSharedLock&) = delete;

 private:
  SharedMutex& mutex_;
};

// A condition variable for a Mutex.
class Condition {
 public:
  // As wait_until(), without a deadline.
  void wait(Mutex& mutex) RG_REQUIRES(mutex) { variable_.wait(mutex); }
  // Waits until it is notified or until the deadline, or wakes for no reason: the caller must check its condition
  // again. The mutex is not held meanwhile.
  void wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline) RG_REQUIRES(mutex) {
    variable_.wait_until(mutex, deadline);
  }
  void notify_all() { variable_.notify_all(); }

 private:
  std::condition_variable_any variable_;
};

}  // namespace rateguard
