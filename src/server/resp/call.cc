#include "server/resp/call.h"

#include <charconv>

namespace rateguard::resp {

void CommandCall::fail(std::string_view error) {
  workspace.batch.flush(reply, now);
  workspace.counters.errors[static_cast<size_t>(&command - commands().data())].add();
  reply.error(error);
}

void CommandCall::fail_arity() {
  std::string text = "ERR wrong number of arguments for '";
  fail(text.append(command.name).append("' command"));
}

bool parse_integer(std::string_view text, int64_t& value) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [read_to, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && read_to == end;
}

}  // namespace rateguard::resp
