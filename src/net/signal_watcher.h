// Signals as calls on an event loop.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "net/event_loop.h"

namespace rateguard::net {

// Catches the signals for the whole process as long as it lives. Only one object in a process may watch a signal; it is
// destroyed before its loop.
class SignalWatcher {
 public:
  // `on_signal` gets the signal's number, on the loop's thread. REQUIRES: signals that can be caught.
  SignalWatcher(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Waiting;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace rateguard::net
