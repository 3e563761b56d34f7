// The scripts that decide inside Redis, and their names there.
#pragma once

#include <span>

#include "model/limit.h"
#include "redis/script.h"

namespace rateguard::redis_store {

using redis::Script;

// Decides all the limits of one request (charge_call.h).
const Script& charge_script();
// The same for a request with a single limit, of `algorithm`: a script with only that algorithm, which spares Redis
// compiling the functions of all the others at each call.
const Script& charge_one_script(Algorithm algorithm);
// Decides many checks of one limit each, of the algorithms with a state of fixed size (each_call.h).
const Script& charge_each_script();
// Releases a hold of a concurrency limit (charge_call.h: encode_release).
const Script& release_script();
// Writes to a key of its own, KEYS[1], and answers the integer 1: whether charges can be made
// (KeyLayout::append_probe).
const Script& probe_script();

// All of them, for SCRIPT LOAD on a new connection.
std::span<const Script* const> every_script();

// What the scripts write to keys. The version is part of every key (key_layout.h), so that two versions of the program
// can run side by side on one Redis; raise it with any change to the meaning of what is stored.
inline constexpr int kLayoutVersion = 1;

}  // namespace rateguard::redis_store
