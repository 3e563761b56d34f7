#include "catalog/postgres/call_deadlines.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace rateguard::catalog {

CallDeadlines::CallDeadlines(std::chrono::milliseconds patience) : patience_(patience), thread_([this] { run(); }) {}

CallDeadlines::~CallDeadlines() {
  {
    HeldLock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

uint64_t CallDeadlines::begin(int socket) {
  HeldLock lock(mutex_);
  calls_.emplace(++last_ticket_,
                 Call{::fcntl(socket, F_DUPFD_CLOEXEC, 0), std::chrono::steady_clock::now() + patience_});
  if (is_idle_) changed_.notify_all();
  return last_ticket_;
}

void CallDeadlines::end(uint64_t ticket) {
  HeldLock lock(mutex_);
  const auto call = calls_.find(ticket);
  ::close(call->second.socket);
  calls_.erase(call);
}

void CallDeadlines::run() {
  HeldLock lock(mutex_);
  while (!is_ending_) {
    const auto first = std::ranges::find_if(calls_, [](const auto& call) { return !call.second.is_given_up; });
    if (first == calls_.end()) {
      is_idle_ = true;
      changed_.wait(mutex_);
      is_idle_ = false;
      continue;
    }
    if (std::chrono::steady_clock::now() < first->second.until) {
      changed_.wait_until(mutex_, first->second.until);
      continue;
    }
    ::shutdown(first->second.socket, SHUT_RDWR);
    first->second.is_given_up = true;
  }
}

}  // namespace rateguard::catalog
