// The scripts that decide inside Redis, and their names there.
#pragma once

#include <string>

namespace rateguard::redis_store {

// A script and what EVALSHA calls it by. Immutable; thread-safe.
struct Script {
  std::string text;
  std::string sha1;  // 40 hexadecimal digits, lower case
};

// Decides all the limits of one request (charge_call.h).
const Script& charge_script();
// Gives a hold of a concurrency limit back (charge_call.h: encode_release).
const Script& release_script();

// What the scripts write to keys. It stands in every key (key_layout.h), so that two versions of the program can run
// side by side on one Redis; raise it with any change to the meaning of what is stored.
inline constexpr int kLayoutVersion = 1;

}  // namespace rateguard::redis_store
