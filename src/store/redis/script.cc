#include "store/redis/script.h"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {
namespace {

using redis::ReplyKind;

// Decisions are packed into one string.
Script script_of(std::initializer_list<std::string_view> pieces, ReplyKind answers = ReplyKind::kString) {
  std::string source;
  for (const std::string_view piece : pieces) source += piece;
  return Script(std::move(source), answers);
}

}  // namespace

const Script& charge_script() {
  static const Script kScript = script_of({kLuaPrelude, kLuaBucket, kLuaGcra, kLuaFixedWindow, kLuaWindowLog,
                                           kLuaWindowCounter, kLuaHolds, kLuaDecide, kLuaCharge});
  return kScript;
}

const Script& charge_one_script(Algorithm algorithm) {
  static const std::array<Script, 7> kScripts = {
      script_of({kLuaPrelude, kLuaBucket, kLuaDecide, kLuaChargeOne}),  // token_bucket
      script_of({kLuaPrelude, kLuaBucket, kLuaGcra, kLuaDecide, kLuaChargeOne}),
      script_of({kLuaPrelude, kLuaBucket, kLuaDecide, kLuaChargeOne}),  // leaky_bucket
      script_of({kLuaPrelude, kLuaFixedWindow, kLuaDecide, kLuaChargeOne}),
      script_of({kLuaPrelude, kLuaWindowLog, kLuaDecide, kLuaChargeOne}),
      script_of({kLuaPrelude, kLuaWindowCounter, kLuaDecide, kLuaChargeOne}),
      script_of({kLuaPrelude, kLuaHolds, kLuaDecide, kLuaChargeOne}),
  };
  return kScripts[static_cast<size_t>(algorithm)];
}

const Script& charge_each_script() {
  static const Script kScript =
      script_of({kLuaSpread, kLuaPrelude, kLuaBucket, kLuaGcra, kLuaFixedWindow, kLuaWindowCounter, kLuaChargeEach});
  return kScript;
}

std::span<const Script* const> every_script() {
  static const std::array<const Script*, 10> kScripts = {
      &charge_script(),
      &charge_each_script(),
      &charge_one_script(Algorithm::kTokenBucket),  // the leaky bucket's too
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
  static const Script kScript = script_of({kLuaPrelude, kLuaRelease}, ReplyKind::kInteger);
  return kScript;
}

const Script& probe_script() {
  static const Script kScript = script_of({kLuaProbe}, ReplyKind::kInteger);
  return kScript;
}

}  // namespace rateguard::redis_store
