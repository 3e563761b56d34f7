// Work in several processes at once, and memory that they share.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <span>

namespace rateguard::test {

// An array that processes forked after it was made share with their parent. Zeroes at first.
template <typename T>
class SharedArray {
 public:
  explicit SharedArray(size_t size) : bytes_(size * sizeof(T)) {
    void* const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    all_ = {static_cast<T*>(memory), size};
    std::uninitialized_value_construct(all_.begin(), all_.end());
  }
  ~SharedArray() { munmap(all_.data(), bytes_); }
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;

  std::span<T> all() const { return all_; }
  T& operator[](size_t i) const { return all_[i]; }

 private:
  size_t bytes_;
  std::span<T> all_;
};

// Runs work(0) to work(count - 1), each in a process of its own. True: each returned true within `patience`. Otherwise
// those that are left are ended.
// REQUIRES: the caller has no other thread, and no event loop.
bool run_processes(int count, std::chrono::seconds patience, const std::function<bool(int)>& work);

}  // namespace rateguard::test
