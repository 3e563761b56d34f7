#include "store/redis/script.h"

#include <array>
#include <cstddef>

#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {
namespace {

// Decisions are packed into one string; scripts that change one thing answer with a number.
constexpr redis::ReplyKind kDecisions = redis::ReplyKind::kString;
constexpr redis::ReplyKind kChange = redis::ReplyKind::kInteger;

}  // namespace

const Script& charge_script() {
  static const Script kScript = Script({kLuaPrelude, kLuaBucket, kLuaGcra, kLuaFixedWindow, kLuaWindowLog,
                                        kLuaWindowCounter, kLuaHolds, kLuaDecide, kLuaCharge},
                                       kDecisions);
  return kScript;
}

const Script& charge_one_script(Algorithm algorithm) {
  static const std::array<Script, 7> kScripts = {
      Script({kLuaPrelude, kLuaBucket, kLuaDecide, kLuaChargeOne}, kDecisions),  // token_bucket
      Script({kLuaPrelude, kLuaBucket, kLuaGcra, kLuaDecide, kLuaChargeOne}, kDecisions),
      Script({kLuaPrelude, kLuaBucket, kLuaDecide, kLuaChargeOne}, kDecisions),  // leaky_bucket
      Script({kLuaPrelude, kLuaFixedWindow, kLuaDecide, kLuaChargeOne}, kDecisions),
      Script({kLuaPrelude, kLuaWindowLog, kLuaDecide, kLuaChargeOne}, kDecisions),
      Script({kLuaPrelude, kLuaWindowCounter, kLuaDecide, kLuaChargeOne}, kDecisions),
      Script({kLuaPrelude, kLuaHolds, kLuaDecide, kLuaChargeOne}, kDecisions),
  };
  return kScripts[static_cast<size_t>(algorithm)];
}

const Script& charge_each_script() {
  static const Script kScript = Script(
      {kLuaSpread, kLuaPrelude, kLuaBucket, kLuaGcra, kLuaFixedWindow, kLuaWindowCounter, kLuaChargeEach}, kDecisions);
  return kScript;
}

std::span<const Script* const> every_script() {
  static const std::array<const Script*, 10> kScripts = {
      &charge_script(),
      &charge_each_script(),
      &charge_one_script(Algorithm::kTokenBucket),  // also for leaky_bucket
      &charge_one_script(Algorithm::kGcra),
      &charge_one_script(Algorithm::kFixedWindow),
      &charge_one_script(Algorithm::kSlidingWindowLog),
      &charge_one_script(Algorithm::kSlidingWindowCounter),
      &charge_one_script(Algorithm::kConcurrency),
      &release_script(),
      &probe_script(),
  };
  return kScripts;
}

const Script& release_script() {
  static const Script kScript = Script({kLuaPrelude, kLuaRelease}, kChange);
  return kScript;
}

const Script& probe_script() {
  static const Script kScript = Script({kLuaProbe}, kChange);
  return kScript;
}

}  // namespace rateguard::redis_store
