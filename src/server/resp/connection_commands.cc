// PING, ECHO, HELLO, AUTH, QUIT, RESET, SELECT: commands about the connection itself. Texts are those of Redis 7.
#include <fmt/format.h>

#include "model/ascii.h"
#include "server/resp/access.h"
#include "server/resp/call.h"

namespace rateguard::resp {
namespace {

constexpr std::string_view kWrongPassword = "WRONGPASS invalid username-password pair or user is disabled.";

// The options of HELLO besides the version.
struct HelloOptions {
  RespVersion protocol = RespVersion::kResp2;
  bool authenticates = false;
  Credentials credentials = {};
  const std::string_view* name = nullptr;
};

// False: the error was written.
bool read_hello(CommandCall& call, HelloOptions& options) {
  options.protocol = call.client.protocol;
  if (call.words.size() > 1) {
    int64_t version = 0;
    if (!parse_integer(call.words[1], version)) {
      call.fail("ERR Protocol version is not an integer or out of range");
      return false;
    }
    if (version != 2 && version != 3) {
      call.fail("NOPROTO unsupported protocol version");
      return false;
    }
    options.protocol = static_cast<RespVersion>(version);
  }
  for (size_t at = 2; at < call.words.size();) {
    const size_t left = call.words.size() - at - 1;
    if (equal_ignoring_case(call.words[at], "auth") && left >= 2) {
      options.authenticates = true;
      options.credentials = {.user = call.words[at + 1], .token = call.words[at + 2]};
      at += 3;
    } else if (equal_ignoring_case(call.words[at], "setname") && left >= 1) {
      options.name = &call.words[at + 1];
      at += 2;
    } else {
      call.fail(fmt::format("ERR Syntax error in HELLO option '{}'", cut(call.words[at], 64)));
      return false;
    }
  }
  return true;
}

}  // namespace

void answers::ping(CommandCall& call) {
  if (call.words.size() > 2) return call.fail_arity();
  if (call.words.size() == 2) return call.reply.bulk(call.words[1]);
  call.reply.simple("PONG");
}

void answers::echo(CommandCall& call) {
  call.reply.bulk(call.words[1]);
}

void answers::hello(CommandCall& call) {
  HelloOptions options;
  if (!read_hello(call, options)) return;
  const server::Tokens tokens = call.workspace.service.settings.known_tokens();
  if (options.authenticates && !authenticate(call.client, options.credentials, tokens)) {
    return call.fail(kWrongPassword);
  }
  if (call.client.granted == server::Access::kAny) {
    return call.fail(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (options.name != nullptr) {
    if (!is_connection_name(*options.name)) return call.fail(kBadName);
    call.client.name = *options.name;
  }
  call.client.protocol = options.protocol;
  ReplyWriter reply = call.reply.in(options.protocol);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("rateguard");
  reply.bulk("version");
  reply.bulk(call.workspace.service.settings.version);
  reply.bulk("proto");
  reply.integer(static_cast<int64_t>(options.protocol));
  reply.bulk("id");
  reply.integer(call.client.id);
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

void answers::auth(CommandCall& call) {
  if (call.words.size() > 3) return call.fail_syntax();
  const server::Tokens tokens = call.workspace.service.settings.known_tokens();
  if (call.words.size() == 2 && tokens.callers.empty() && tokens.admins.empty()) {
    return call.fail(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  const Credentials credentials = call.words.size() == 2 ? Credentials{.user = kDefaultUser, .token = call.words[1]}
                                                         : Credentials{.user = call.words[1], .token = call.words[2]};
  if (!authenticate(call.client, credentials, tokens)) return call.fail(kWrongPassword);
  call.ok();
}

void answers::quit(CommandCall& call) {
  call.client.leaving = true;
  call.ok();
}

void answers::reset(CommandCall& call) {
  ConnectedClient& client = call.client;
  client.granted = granted_at_first(client.peer, call.workspace.service.settings.known_tokens());
  client.protocol = RespVersion::kResp2;
  client.replies = Replies::kOn;
  client.name.clear();
  call.reply.simple("RESET");
}

void answers::select(CommandCall& call) {
  int64_t index = 0;
  if (!parse_integer(call.words[1], index)) return call.fail_not_an_integer();
  if (index != 0) return call.fail("ERR DB index is out of range");
  call.ok();
}

// A page in a browser may be made to send HTTP to any port of this machine; the rest of its bytes must not be read as
// commands. Redis does the same.
void answers::not_redis(CommandCall& call) {
  call.client.leaving = true;
}

}  // namespace rateguard::resp
