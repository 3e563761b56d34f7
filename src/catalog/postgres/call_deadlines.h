// Ends calls that take too long. libpq waits for an answer as long as the connection stands, and a server that has
// stopped answers nothing and keeps it. Shutting the socket down from outside makes libpq see its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <thread>

#include "base/mutex.h"

namespace rateguard::catalog {

// Any thread. It has a thread of its own.
class CallDeadlines {
 public:
  explicit CallDeadlines(std::chrono::milliseconds patience);
  ~CallDeadlines();
  CallDeadlines(const CallDeadlines&) = delete;
  CallDeadlines& operator=(const CallDeadlines&) = delete;

  // While it lives, a call on that socket has its time.
  class Guard {
   public:
    Guard(CallDeadlines& deadlines, int socket) : deadlines_(deadlines), ticket_(deadlines.begin(socket)) {}
    ~Guard() { deadlines_.end(ticket_); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    CallDeadlines& deadlines_;
    const uint64_t ticket_;
  };

 private:
  struct Call {
    int socket;  // a descriptor of our own: libpq may close its own meanwhile, and its number be another's
    std::chrono::steady_clock::time_point until;
    bool is_given_up = false;
  };

  uint64_t begin(int socket);
  void end(uint64_t ticket);
  void run();

  const std::chrono::milliseconds patience_;
  Mutex mutex_;
  Condition changed_;
  std::map<uint64_t, Call> calls_ RG_GUARDED_BY(mutex_);  // tickets rise, and with them deadlines
  uint64_t last_ticket_ RG_GUARDED_BY(mutex_) = 0;
  bool is_idle_ RG_GUARDED_BY(mutex_) = false;  // the thread waits for a call
  bool is_ending_ RG_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace rateguard::catalog
