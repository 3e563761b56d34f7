// One command while it is answered.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/resp/client.h"
#include "server/resp/command_table.h"
#include "server/resp/command_workspace.h"
#include "server/resp/reply_writer.h"

namespace rateguard::resp {

// Lives for one command.
class CommandCall {
 public:
  CommandWorkspace& workspace;
  ConnectedClient& client;
  const Command& command;
  const std::span<const std::string_view> words;  // the command as it was sent, its name first
  const Now now;
  ReplyWriter reply;

  // Answers with "ERR ...", "WRONGPASS ..." or another error, after the answers to earlier commands.
  void fail(std::string_view error);
  void fail_arity();
  void fail_syntax() { fail("ERR syntax error"); }
  void fail_not_an_integer() { fail("ERR value is not an integer or out of range"); }
  void ok() { reply.simple("OK"); }
};

// A whole number in decimal, also "+5". False if it is not a number, or does not fit.
bool parse_integer(std::string_view text, int64_t& value);

// At most `bytes_max` bytes of `text`.
inline std::string_view cut(std::string_view text, size_t bytes_max) {
  return text.substr(0, bytes_max);
}

}  // namespace rateguard::resp
