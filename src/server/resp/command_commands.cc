// COMMAND and its subcommands: the table as clients read it (Redis 7: COMMAND, COMMAND DOCS).
#include <algorithm>
#include <vector>

#include "model/ascii.h"
#include "server/resp/call.h"

namespace rateguard::resp {
namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::vector<const Command*> subcommands_of(const Command& parent) {
  std::vector<const Command*> out;
  if (!has_subcommands(parent)) return out;
  for (const Command* at = &parent + 1; at != commands().data() + commands().size(); ++at) {
    if (!at->is_subcommand() || !at->name.starts_with(parent.name)) break;
    out.push_back(at);
  }
  return out;
}

size_t count_of_commands() {
  return static_cast<size_t>(std::ranges::count_if(commands(), [](const Command& c) { return !c.is_subcommand(); }));
}

// Name, arity, flags, first key, last key, step, categories, tips, key specifications, subcommands.
void write_info(ReplyWriter& reply, const Command& command) {
  reply.array(10);
  reply.bulk(command.name);
  reply.integer(command.arity);
  const auto flags = words_of(command.flags);
  reply.set(flags.size());
  for (const std::string_view flag : flags) reply.simple(flag);
  for (int i = 0; i < 3; ++i) reply.integer(command.has_key ? 1 : 0);
  reply.set(0);
  reply.array(0);
  reply.array(0);
  const auto subcommands = subcommands_of(command);
  reply.array(subcommands.size());
  for (const Command* const subcommand : subcommands) write_info(reply, *subcommand);
}

void write_argument(ReplyWriter& reply, const Argument& argument) {
  using Presence = Argument::Presence;
  const bool optional = argument.presence == Presence::kOptional || argument.presence == Presence::kOptionalMany;
  const bool many = argument.presence == Presence::kOptionalMany || argument.presence == Presence::kMany;
  reply.map(size_t{2} + (argument.token.empty() ? 0 : 1) + (optional || many ? 1 : 0));
  reply.bulk("name");
  reply.bulk(argument.name);
  reply.bulk("type");
  reply.bulk(argument.type);
  if (!argument.token.empty()) {
    reply.bulk("token");
    reply.bulk(argument.token);
  }
  if (optional || many) {
    reply.bulk("flags");
    reply.set(size_t{optional} + size_t{many});
    if (optional) reply.simple("optional");
    if (many) reply.simple("multiple");
  }
}

void write_docs(ReplyWriter& reply, const Command& command) {
  const auto subcommands = subcommands_of(command);
  reply.map(size_t{2} + (command.arguments.empty() ? 0 : 1) + (subcommands.empty() ? 0 : 1));
  reply.bulk("summary");
  reply.bulk(command.summary);
  reply.bulk("group");
  reply.bulk(command.group);
  if (!command.arguments.empty()) {
    reply.bulk("arguments");
    reply.array(command.arguments.size());
    for (const Argument& argument : command.arguments) write_argument(reply, argument);
  }
  if (!subcommands.empty()) {
    reply.bulk("subcommands");
    reply.map(subcommands.size());
    for (const Command* const subcommand : subcommands) {
      reply.bulk(subcommand->name);
      write_docs(reply, *subcommand);
    }
  }
}

// "client|id" or "client".
const Command* named(std::string_view name) {
  const size_t bar = name.find('|');
  const Command* const parent = find_command(name.substr(0, bar));
  return bar == std::string_view::npos || parent == nullptr ? parent : find_subcommand(*parent, name.substr(bar + 1));
}

void write_all_info(ReplyWriter& reply) {
  reply.array(count_of_commands());
  for (const Command& command : commands()) {
    if (!command.is_subcommand()) write_info(reply, command);
  }
}

}  // namespace

void answers::command(CommandCall& call) {
  write_all_info(call.reply);
}

void answers::command_count(CommandCall& call) {
  call.reply.integer(static_cast<int64_t>(count_of_commands()));
}

void answers::command_list(CommandCall& call) {
  call.reply.array(count_of_commands());
  for (const Command& command : commands()) {
    if (!command.is_subcommand()) call.reply.bulk(command.name);
  }
}

void answers::command_info(CommandCall& call) {
  if (call.words.size() == 2) return write_all_info(call.reply);
  call.reply.array(call.words.size() - 2);
  for (const std::string_view name : call.words.subspan(2)) {
    if (const Command* const found = named(name)) {
      write_info(call.reply, *found);
    } else {
      call.reply.null_array();
    }
  }
}

void answers::command_docs(CommandCall& call) {
  std::vector<const Command*> wanted;
  if (call.words.size() == 2) {
    for (const Command& command : commands()) {
      if (!command.is_subcommand()) wanted.push_back(&command);
    }
  }
  // Unknown commands are left out, as in Redis.
  for (const std::string_view name : call.words.subspan(2)) {
    if (const Command* const found = named(name)) wanted.push_back(found);
  }
  call.reply.map(wanted.size());
  for (const Command* const command : wanted) {
    call.reply.bulk(command->name);
    write_docs(call.reply, *command);
  }
}

}  // namespace rateguard::resp
