#include "net/blocking_pool.h"

#include <algorithm>
#include <utility>

namespace rateguard::net {
namespace {

Duration between(std::chrono::steady_clock::time_point since, std::chrono::steady_clock::time_point now) {
  return Duration::micros(std::chrono::duration_cast<std::chrono::microseconds>(now - since).count());
}

}  // namespace

BlockingPool::BlockingPool(BlockingPoolOptions options, SteadyNow now) : options_(options), now_(std::move(now)) {
  const HeldLock lock(joining_);
  for (size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { run(); });
}

BlockingPool::~BlockingPool() {
  stop();
}

std::optional<BlockingPool::Ticket> BlockingPool::submit(Work work, Key key) {
  Ticket ticket = 0;
  {
    const HeldLock lock(mutex_);
    if (ending_ || queued_.size() >= options_.queued_max) {
      ++refused_;
      return std::nullopt;
    }
    ticket = ++last_ticket_;
    queued_.push_back({.ticket = ticket, .key = key, .work = std::move(work), .since = now_()});
  }
  changed_.notify_all();
  return ticket;
}

// Dropped work is destroyed when no lock is held, because its destructor may do anything.
bool BlockingPool::cancel(Ticket ticket) {
  Jobs dropped;
  const HeldLock lock(mutex_);
  const auto job = std::ranges::find(queued_, ticket, &Job::ticket);
  if (job == queued_.end()) return false;
  dropped.splice(dropped.end(), queued_, job);
  return true;
}

void BlockingPool::drain() {
  {
    const HeldLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  join();
}

void BlockingPool::stop() {
  drop_queued();
  join();
}

bool BlockingPool::stop_until(std::chrono::steady_clock::time_point deadline) {
  drop_queued();
  {
    const HeldLock lock(mutex_);
    while (running_ > 0 && std::chrono::steady_clock::now() < deadline) changed_.wait_until(mutex_, deadline);
    if (running_ > 0) return false;
  }
  join();
  return true;
}

// Ends the pool for new work, too.
void BlockingPool::drop_queued() {
  Jobs dropped;
  {
    const HeldLock lock(mutex_);
    ending_ = true;
    dropped.splice(dropped.end(), queued_);
  }
  changed_.notify_all();
}

void BlockingPool::join() {
  const HeldLock lock(joining_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

BlockingPoolFigures BlockingPool::figures() const {
  const HeldLock lock(mutex_);
  return {.queued = queued_.size(),
          .running = running_,
          .refused = refused_,
          .oldest_wait = queued_.empty() ? Duration{} : between(queued_.front().since, now_()),
          .longest_wait = longest_wait_};
}

BlockingPool::Jobs::iterator BlockingPool::next_job() {
  return std::ranges::find_if(queued_, [this](const Job& job) RG_NOT_ANALYSED {  // a lambda, called under the lock
    return job.key == kNoOrder || !busy_.contains(job.key);
  });
}

void BlockingPool::take_job(Jobs::iterator job, Jobs& into) {
  longest_wait_ = std::max(longest_wait_, between(job->since, now_()));
  if (job->key != kNoOrder) busy_.insert(job->key);
  ++running_;
  into.splice(into.end(), queued_, job);
}

void BlockingPool::run() {
  while (true) {
    Jobs own;
    {
      const HeldLock lock(mutex_);
      auto job = next_job();
      while (job == queued_.end() && !(ending_ && queued_.empty())) {
        changed_.wait(mutex_);
        job = next_job();
      }
      if (job == queued_.end()) return;
      take_job(job, own);
    }
    own.front().work();
    const Key key = own.front().key;
    own.clear();  // before the next job of its key begins
    {
      const HeldLock lock(mutex_);
      busy_.erase(key);
      --running_;
    }
    changed_.notify_all();
  }
}

}  // namespace rateguard::net
