// Writes of many threads in few transactions: a transaction costs a wait for the disk, whatever is in it. Whoever finds
// nobody writing makes the writes of all who wait, and wakes them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "catalog/refusal.h"

namespace rateguard::catalog {

// Any thread.
class GroupCommit {
 public:
  using Work = std::function<CatalogResult<void>()>;
  struct Job {
    const Work* work = nullptr;
    std::optional<CatalogResult<void>> result = {};  // of the one who makes it, until it is done
    bool is_done = false;                            // guarded by the lock; what was made is on the disk
  };
  // Makes all of the jobs and sets their results. Called by one thread at a time.
  using Make = std::function<void(std::span<Job* const>)>;

  explicit GroupCommit(Make make) : make_(std::move(make)) {}

  // Returns when it has been made, by whichever thread.
  CatalogResult<void> write(const Work& work);
  // Those that nobody has begun to make.
  size_t waiting();

 private:
  // A transaction with more would keep the first of them waiting.
  static constexpr size_t kJobsMax = 256;

  const Make make_;
  Mutex mutex_;
  Condition made_;
  std::vector<Job*> waiting_ RG_GUARDED_BY(mutex_);
  bool is_making_ RG_GUARDED_BY(mutex_) = false;
};

}  // namespace rateguard::catalog
