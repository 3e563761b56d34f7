// The pieces of Lua that the scripts are put together from (script.cc): files in lua/, which become part of the program
// when it is built (cmake/RgEmbed.cmake). Each is a chunk of top-level local definitions, in the order below. They run
// on Redis 5 and later and on Valkey, which have Lua 5.1: every number is a double, so integers are exact only below
// 2^53, and each piece says why its own stay below.
#pragma once

#include <string_view>

namespace rateguard::redis_store {

extern const std::string_view kLuaPrelude;        // names, the time, exact multiplication and division
extern const std::string_view kLuaBucket;         // what a bucket owes; token_bucket and leaky_bucket
extern const std::string_view kLuaGcra;           // needs kLuaBucket
extern const std::string_view kLuaFixedWindow;    // every anchor
extern const std::string_view kLuaWindowLog;      // sliding_window_log
extern const std::string_view kLuaWindowCounter;  // sliding_window_counter
extern const std::string_view kLuaHolds;          // concurrency
extern const std::string_view kLuaDecide;         // one limit; before the two that follow
extern const std::string_view kLuaCharge;         // decides all the limits of one request
extern const std::string_view kLuaChargeOne;      // decides the only limit of a request
extern const std::string_view kLuaSpread;         // before kLuaPrelude, which reuses the name
extern const std::string_view kLuaChargeEach;     // decides many checks of one limit each; needs kLuaSpread
extern const std::string_view kLuaRelease;        // releases a hold; needs only kLuaPrelude
extern const std::string_view kLuaProbe;          // writes to a key of its own; needs no other piece

}  // namespace rateguard::redis_store
