#include "net/signal_watcher.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <utility>

#include "base/check.h"

namespace rateguard::net {

// Kept alive by the handler that waits.
struct SignalWatcher::Waiting : std::enable_shared_from_this<Waiting> {
  Waiting(EventLoop& owner, std::function<void(int)> callback)
      : loop(owner), signals(owner.context()), on_signal(std::move(callback)) {}

  void wait() {
    signals.async_wait([self = shared_from_this()](const boost::system::error_code& error, int signal) {
      if (error || self->cancelled) return;
      self->wait();
      // By way of post(), which sets the loop's `now`.
      self->loop.post([self, signal] {
        if (!self->cancelled) self->on_signal(signal);
      });
    });
  }

  EventLoop& loop;
  boost::asio::signal_set signals;
  std::function<void(int)> on_signal;
  bool cancelled = false;
};

SignalWatcher::SignalWatcher(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : waiting_(std::make_shared<Waiting>(loop, std::move(on_signal))) {
  for (const int signal : signals) {
    boost::system::error_code error;
    waiting_->signals.add(signal, error);
    RG_CHECK(!error);
  }
  waiting_->wait();
}

SignalWatcher::~SignalWatcher() {
  waiting_->cancelled = true;
  boost::system::error_code ignored;
  waiting_->signals.cancel(ignored);  // lets go of the handler, which holds `waiting_`
  waiting_->signals.clear(ignored);
}

}  // namespace rateguard::net
