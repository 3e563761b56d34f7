// Who is calling: turns what is known about a request into a Subject. Pure, except for reading key files when
// configured.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "identify/settings.h"
#include "model/instant.h"
#include "model/request_facts.h"
#include "model/subject.h"

namespace rateguard::identify {

// Holds what identify() needs between its call and the end of the request: the Subject's views point into it or into
// the facts. Reused from request to request by its owner.
struct Scratch {
  std::vector<std::pair<std::string, std::string>> claims;
};

// Immutable after it is made; any thread may use it.
class Identifier {
 public:
  // Reads the key file, if one is configured. Errors: kIo, kInvalid with what was expected, also for a source in a
  // token's claims without a key file to verify them.
  static Result<std::shared_ptr<const Identifier>> create(Settings settings);
  ~Identifier();

  // `now` decides whether a token is in force. Never fails: what cannot be determined is left out of the Subject.
  //
  // The API key is the fact, else X-API-Key, else the token of "Authorization: Bearer", unless that is a JWT that
  // verifies: such a token changes with every renewal and its claims say who it is. User, workspace and plan are the
  // facts, else read from the configured source. A known caller's key, workspace and plan are those of the catalog.
  Subject identify(const RequestFacts& facts, Now now, Scratch& scratch) const;

  // The API key that the request shows, as identify() finds it, except that a JWT that verifies is not an API key.
  std::string_view shown_key(const RequestFacts& facts, Now now) const;

  const Settings& settings() const { return settings_; }
  // A sentence for each broken key of the file, which was skipped.
  std::span<const std::string> key_warnings() const;

 private:
  struct Keys;
  Identifier(Settings settings, std::unique_ptr<const Keys> keys);

  Settings settings_;
  std::unique_ptr<const Keys> keys_;
};

// The client's address: the peer's, or, if the peer is a trusted proxy, the first address from the right of
// X-Forwarded-For or Forwarded (RFC 7239) that is not one; if all are, the leftmost. A malformed element ends the
// walk at the last good address. If both fields are present and lead to different addresses, one of them was not
// written by a trusted proxy and nothing says which: the peer's own address is taken. None if the peer is not
// known.
std::optional<IpAddress> client_address(const RequestFacts& facts, std::span<const IpPrefix> trusted_proxies);

}  // namespace rateguard::identify
