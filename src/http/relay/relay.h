// An exchange passed on to another server, and its answer back.
#pragma once

#include <memory>
#include <string>

#include "http/client/client.h"
#include "http/exchange.h"

namespace rateguard::http {

struct RelayOptions {
  // What Host and :authority say to the server. Empty: the origin's.
  std::string authority = {};
  // How Via names this hop (RFC 9110, section 7.6.3).
  std::string via = "rateguard";
  CallTimeouts timeouts = {};
};

// The status of an answer that a call did not get: 502, 503 or 504, or 400 where the request itself could not be sent.
int gateway_status(CallEnd end);

// Keeps the exchange and answers it; the caller holds nothing. Trailers pass both ways where the framing has a place
// for them: HTTP/1.1 has none behind content whose length was said. What either side does not take is held back from
// the other: at most some 128 KiB wait in each direction. REQUIRES: called from within Handler::handle(), with
// BodyDelivery::kPieces. `client` is of the same loop.
void relay(Exchange& exchange, Client& client, std::shared_ptr<const Origin> origin, const RelayOptions& options = {});

}  // namespace rateguard::http
