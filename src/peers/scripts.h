// The scripts by which instances register and send messages in Redis.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/instant.h"
#include "redis/reply.h"
#include "redis/script.h"

namespace rateguard::peers {

// The names in Redis. All keys share a hash tag, so that one script may use them in a cluster too:
//
//   <prefix>:i1:{i}seen    sorted set: instances by when they last registered, in ms of Redis's clock
//   <prefix>:i1:{i}about   hash: instance to description
//   <prefix>:i1:{i}told    how many messages there were, counted from the instant, in us, of the first
//   <prefix>:i1:{i}secret  bytes that all instances know, and no caller
//   <prefix>:e1            the channel of the messages
//
// The keys expire when no instance has registered for as long as one is remembered; the secret, which signs what
// callers keep, after kSecretKept. Because of where its count begins, a Redis that has lost `told` goes on with numbers
// that were never used.
struct Names {
  explicit Names(std::string_view prefix);
  std::string seen;
  std::string about;
  std::string told;
  std::string secret;
  std::string channel;
};

// How long the secret stays without any instance. Longer than a charge may be settled (kSettledWithin).
inline constexpr Duration kSecretKept = Duration::seconds(2 * 3'600);

// KEYS: seen, about, told, secret. ARGV: own id, description, ms after which an instance is gone, what becomes the
// secret if there is none, ms for which it is kept. Registers this instance, drops those that are gone, and answers in
// the form of Beat.
const redis::Script& beat_script();
// KEYS: seen, about. ARGV: own id. Removes this instance.
const redis::Script& leave_script();
// KEYS: told. ARGV: channel, message without its count, ms as above. Counts and publishes the message; answers the
// count.
const redis::Script& tell_script();

struct Beat {
  struct Seen {
    std::string id;  // as it stands there
    int64_t ago_ms = 0;
    std::string description;
  };
  uint64_t told = 0;
  int64_t alive = 0;
  std::string secret = {};
  std::vector<Seen> seen = {};  // at most a thousand of them
};

// Errors: kCorrupt if it is not an answer of beat_script().
Result<Beat> decode_beat(const redis::Reply& reply);

}  // namespace rateguard::peers
