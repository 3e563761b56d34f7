#include "app/serve/turned_away_log.h"

#include <string>
#include <utility>

namespace rateguard::app {
namespace {

constexpr std::chrono::seconds kBetweenLines(10);

// OpenSSL's errors for the first bytes of a client that does not speak TLS.
bool is_plaintext(std::string_view why) {
  return why == "http request" || why == "wrong version number";
}

}  // namespace

std::function<void(net::TurnedAway, const IpAddress&, std::string_view)> TurnedAwayLog::of(std::string_view listener) {
  const HeldLock lock(mutex_);
  kinds_.emplace_back();
  return [this, listener, index = kinds_.size() - 1](net::TurnedAway what, const IpAddress& peer,
                                                     std::string_view why) { tell(listener, index, what, peer, why); };
}

void TurnedAwayLog::tell(std::string_view listener, size_t index, net::TurnedAway what, const IpAddress& peer,
                         std::string_view why) {
  int64_t count = 0;
  {
    const HeldLock lock(mutex_);
    Kind& kind = kinds_[index][static_cast<size_t>(what)];
    ++kind.untold;
    const auto now = std::chrono::steady_clock::now();
    if (kind.last_line && now - *kind.last_line < kBetweenLines) return;
    kind.last_line = now;
    count = std::exchange(kind.untold, 0);
  }
  const std::string address = peer.to_string();
  if (what == net::TurnedAway::kTooMany) {
    return log_.write(LogLevel::kWarn, "connection refused: listen.connections_max of them are open",
                      {{"listener", listener}, {"peer", address}, {"count", count}});
  }
  if (what == net::TurnedAway::kPreambleRefused) {
    return log_.write(LogLevel::kWarn, "connection closed: listen.proxy_protocol asks for a PROXY header",
                      {{"listener", listener}, {"peer", address}, {"why", why}, {"count", count}});
  }
  log_.write(LogLevel::kWarn,
             is_plaintext(why) ? "connection closed: the client does not speak TLS, and this listener does"
                               : "connection closed: the TLS handshake failed",
             {{"listener", listener}, {"peer", address}, {"why", why}, {"count", count}});
}

}  // namespace rateguard::app
