// An exchange passed on to another server, and its answer back.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/client/client.h"
#include "http/exchange.h"

namespace rateguard::http {

// Sees an answer pass. Called on the loop's thread; destroyed with the relay, also when the client has gone.
class RelayWatcher {
 public:
  virtual ~RelayWatcher() = default;
  virtual void answered(const AnswerHead&) {}
  // What passes on of a piece of the content: the piece, or something else that lives until the next call. Where that
  // is of another length, the answer's head must not have said how long it is.
  virtual std::string_view passing(std::string_view piece) { return piece; }
  // The content is whole. What goes out before its end.
  virtual std::string_view ending() { return {}; }
};

struct RelayOptions {
  // What Host and :authority say to the server. Empty: the origin's.
  std::string authority = {};
  // How Via names this hop (RFC 9110, section 7.6.3).
  std::string via = "rateguard";
  CallTimeouts timeouts = {};
  // Fields that are sent in place of the client's fields of the same name; names in lower case.
  std::span<const Header> fields = {};
  // The content that is sent, where the exchange was delivered whole.
  std::optional<std::string_view> body = {};
  std::unique_ptr<RelayWatcher> watcher = {};
};

// The status of an answer that a call did not get: 502, 503 or 504, or 400 where the request itself could not be sent.
int gateway_status(CallEnd end);

// Keeps the exchange and answers it; the caller holds nothing. Trailers pass both ways where the framing has a place
// for them: HTTP/1.1 has none behind content whose length was said. What either side does not take is held back from
// the other: at most a window waits in each direction. REQUIRES: called from within Handler::handle(), with
// BodyDelivery::kPieces, or with kWhole and RelayOptions::body. `client` is of the same loop.
void relay(Exchange& exchange, Client& client, std::shared_ptr<const Origin> origin, RelayOptions options = {});

}  // namespace rateguard::http
