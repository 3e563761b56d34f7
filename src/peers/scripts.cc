#include "peers/scripts.h"

#include <fmt/format.h>

#include <charconv>

#include "peers/lua_pieces.h"

namespace rateguard::peers {
namespace {

std::unexpected<Error> corrupt() {
  return fail(ErrorCode::kCorrupt, "Redis did not answer with a list of instances");
}

}  // namespace

Names::Names(std::string_view prefix)
    : seen(fmt::format("{}:i1:{{i}}seen", prefix)),
      about(fmt::format("{}:i1:{{i}}about", prefix)),
      told(fmt::format("{}:i1:{{i}}told", prefix)),
      secret(fmt::format("{}:i1:{{i}}secret", prefix)),
      channel(fmt::format("{}:e1", prefix)) {}

const redis::Script& beat_script() {
  static const redis::Script script({kLuaPrelude, kLuaBeat}, redis::ReplyKind::kArray);
  return script;
}

const redis::Script& leave_script() {
  static const redis::Script script({kLuaLeave}, redis::ReplyKind::kInteger);
  return script;
}

const redis::Script& tell_script() {
  static const redis::Script script({kLuaPrelude, kLuaTell}, redis::ReplyKind::kString);
  return script;
}

Result<Beat> decode_beat(const redis::Reply& reply) {
  using redis::ReplyKind;
  if (reply.is_error()) return fail(ErrorCode::kUnavailable, "Redis answers: " + reply.text);
  if (!reply.is_array() || reply.elements.size() < 3) return corrupt();
  const redis::Reply& told = reply.elements[0];
  const redis::Reply& alive = reply.elements[1];
  const redis::Reply& secret = reply.elements[2];
  if (told.kind != ReplyKind::kString || alive.kind != ReplyKind::kInteger || alive.integer < 1) return corrupt();
  if (secret.kind != ReplyKind::kString) return corrupt();
  Beat beat{.alive = alive.integer, .secret = secret.text};
  const char* const end = told.text.data() + told.text.size();
  const auto [stopped, error] = std::from_chars(told.text.data(), end, beat.told);
  if (error != std::errc() || stopped != end) return corrupt();
  for (size_t i = 3; i < reply.elements.size(); ++i) {
    const redis::Reply& entry = reply.elements[i];
    if (!entry.is_array() || entry.elements.size() != 3) return corrupt();
    if (entry.elements[1].kind != ReplyKind::kInteger) return corrupt();
    beat.seen.push_back(
        {.id = entry.elements[0].text, .ago_ms = entry.elements[1].integer, .description = entry.elements[2].text});
  }
  return beat;
}

}  // namespace rateguard::peers
