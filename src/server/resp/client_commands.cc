// CLIENT and its subcommands. Texts are those of Redis 7.
#include <fmt/format.h>

#include "model/ascii.h"
#include "server/resp/access.h"
#include "server/resp/call.h"

namespace rateguard::resp {
namespace {

bool is(std::string_view word, std::string_view expected) {
  return equal_ignoring_case(word, expected);
}

}  // namespace

void answers::client_id(CommandCall& call) {
  call.reply.integer(call.client.id);
}

void answers::client_getname(CommandCall& call) {
  if (call.client.name.empty()) return call.reply.null();
  call.reply.bulk(call.client.name);
}

void answers::client_setname(CommandCall& call) {
  if (!is_connection_name(call.words[2])) return call.fail(kBadName);
  call.client.name = call.words[2];
  call.ok();
}

void answers::client_setinfo(CommandCall& call) {
  const bool name = is(call.words[2], "lib-name");
  if (!name && !is(call.words[2], "lib-ver")) {
    return call.fail(fmt::format("ERR Unrecognized option '{}'", cut(call.words[2], 64)));
  }
  if (!is_connection_name(call.words[3])) {
    return call.fail(
        fmt::format("ERR {} cannot contain spaces, newlines or special characters.", name ? "lib-name" : "lib-ver"));
  }
  (name ? call.client.library_name : call.client.library_version) = call.words[3];
  call.ok();
}

void answers::client_info(CommandCall& call) {
  const ConnectedClient& client = call.client;
  call.reply.text(fmt::format("id={} addr={} name={} age={} db=0 user={} resp={} lib-name={} lib-ver={}\n", client.id,
                              client.peer.to_string(), client.name, (call.now - client.since).us / 1'000'000,
                              client.granted == server::Access::kAdmin ? kAdminUser : kDefaultUser,
                              static_cast<int>(client.protocol), client.library_name, client.library_version));
}

// Sets the mode; the dispatcher suppresses the replies.
void answers::client_reply(CommandCall& call) {
  if (is(call.words[2], "on")) {
    call.client.replies = Replies::kOn;
    return call.ok();
  }
  if (is(call.words[2], "off")) {
    call.client.replies = Replies::kOff;
  } else if (is(call.words[2], "skip")) {
    if (call.client.replies == Replies::kOn) call.client.replies = Replies::kSkipNext;
  } else {
    call.fail_syntax();
  }
}

void answers::client_on_off(CommandCall& call) {
  if (!is(call.words[2], "on") && !is(call.words[2], "off")) return call.fail_syntax();
  call.ok();
}

}  // namespace rateguard::resp
