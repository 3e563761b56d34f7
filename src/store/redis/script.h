// The scripts that decide inside Redis, and their names there.
#pragma once

#include <span>
#include <string>

#include "model/limit.h"

namespace rateguard::redis_store {

// A script and what EVALSHA calls it by. Immutable; thread-safe.
struct Script {
  std::string text;
  std::string sha1;  // 40 hexadecimal digits, lower case
};

// Decides all the limits of one request (charge_call.h).
const Script& charge_script();
// The same where a request has one limit only, of `algorithm`: a script of that algorithm alone, which spares Redis the
// making of all the others at each call.
const Script& charge_one_script(Algorithm algorithm);
// Gives a hold of a concurrency limit back (charge_call.h: encode_release).
const Script& release_script();

// All of them, for SCRIPT LOAD on a new connection.
std::span<const Script* const> every_script();

// What the scripts write to keys. It stands in every key (key_layout.h), so that two versions of the program can run
// side by side on one Redis; raise it with any change to the meaning of what is stored.
inline constexpr int kLayoutVersion = 1;

}  // namespace rateguard::redis_store
