#include "store/redis/script.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <initializer_list>
#include <string_view>

#include "store/redis/lua_pieces.h"

namespace rateguard::redis_store {
namespace {

Script script_of(std::initializer_list<std::string_view> pieces) {
  Script script;
  for (const std::string_view piece : pieces) script.text += piece;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(script.text.data()), script.text.size(), digest.data());
  for (const unsigned char byte : digest) script.sha1 += fmt::format("{:02x}", byte);
  return script;
}

}  // namespace

const Script& charge_script() {
  static const Script kScript = script_of(
      {kLuaPrelude, kLuaBucket, kLuaGcra, kLuaFixedWindow, kLuaWindowLog, kLuaWindowCounter, kLuaHolds, kLuaCharge});
  return kScript;
}

const Script& release_script() {
  static const Script kScript = script_of({kLuaPrelude, kLuaRelease});
  return kScript;
}

}  // namespace rateguard::redis_store
