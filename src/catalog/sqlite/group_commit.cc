#include "catalog/sqlite/group_commit.h"

#include <algorithm>
#include <utility>

namespace rateguard::catalog {

CatalogResult<void> GroupCommit::write(const Work& work) {
  Job own = {.work = &work};
  mutex_.lock();
  waiting_.push_back(&own);
  while (!own.is_done) {
    if (is_making_) {
      made_.wait(mutex_);
      continue;
    }
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kJobsMax));
    const std::vector<Job*> group(waiting_.begin(), end);
    waiting_.erase(waiting_.begin(), end);
    is_making_ = true;
    mutex_.unlock();
    make_(group);
    mutex_.lock();
    for (Job* const job : group) job->is_done = true;
    is_making_ = false;
    made_.notify_all();
  }
  mutex_.unlock();
  return std::move(*own.result);
}

size_t GroupCommit::waiting() {
  HeldLock lock(mutex_);
  return waiting_.size();
}

}  // namespace rateguard::catalog
