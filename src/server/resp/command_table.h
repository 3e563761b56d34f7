// Every command once: its name, its arguments, who may call it, its answer, and the function that answers. Dispatch,
// COMMAND and its subcommands, the metrics' labels and docs/resp_commands.md all follow this table.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "server/access.h"

namespace rateguard::resp {

class CommandCall;

// One argument, as COMMAND DOCS describes it.
struct Argument {
  std::string_view name;
  std::string_view type;  // "key", "string", "integer"
  enum class Presence : uint8_t { kRequired, kOptional, kOptionalMany, kMany } presence = Presence::kRequired;
  std::string_view token = {};  // a word before it
};

struct Command {
  std::string_view name;  // lower case; a subcommand is "client|id"
  int arity;              // as Redis counts: with the name (and the subcommand's); negative: the minimum
  server::Access access;
  std::string_view group;       // of the documentation
  std::string_view summary;     // a sentence
  std::string_view reply = {};  // a description of the answer
  std::span<const Argument> arguments = {};
  std::string_view flags = {};                  // as in COMMAND INFO, separated by spaces
  bool has_key = false;                         // the first argument is a key
  void (*answer)(CommandCall& call) = nullptr;  // null: it has subcommands, which answer
  bool asked_together = false;                  // a check: checks that arrive together go to the store in one call

  bool is_subcommand() const { return name.find('|') != std::string_view::npos; }
  bool takes(size_t words) const {
    return arity >= 0 ? words == static_cast<size_t>(arity) : words >= static_cast<size_t>(-arity);
  }
};

// In the order of the documentation; a subcommand comes after its command.
std::span<const Command> commands();

// Names ignore case. nullptr: no such command.
const Command* find_command(std::string_view name);
const Command* find_subcommand(const Command& parent, std::string_view name);
bool has_subcommands(const Command& command);

// "CL.THROTTLE key max_burst count period [quantity]"
std::string usage(const Command& command);

// docs/resp_commands.md: a test compares the file with this text.
std::string command_reference();

// The functions that answer, by family; each family has a file.
namespace answers {
void cl_throttle(CommandCall& call);     // throttle_commands.cc
void throttle(CommandCall& call);        // throttle_commands.cc
void rg_check(CommandCall& call);        // rule_commands.cc
void rg_peek(CommandCall& call);         // rule_commands.cc
void rg_reset(CommandCall& call);        // rule_commands.cc
void rg_release(CommandCall& call);      // rule_commands.cc
void ping(CommandCall& call);            // connection_commands.cc
void echo(CommandCall& call);            // connection_commands.cc
void hello(CommandCall& call);           // connection_commands.cc
void auth(CommandCall& call);            // connection_commands.cc
void quit(CommandCall& call);            // connection_commands.cc
void reset(CommandCall& call);           // connection_commands.cc
void select(CommandCall& call);          // connection_commands.cc
void client_id(CommandCall& call);       // client_commands.cc
void client_getname(CommandCall& call);  // client_commands.cc
void client_setname(CommandCall& call);  // client_commands.cc
void client_setinfo(CommandCall& call);  // client_commands.cc
void client_info(CommandCall& call);     // client_commands.cc
void client_reply(CommandCall& call);    // client_commands.cc
void client_on_off(CommandCall& call);   // client_commands.cc
void command(CommandCall& call);         // command_commands.cc
void command_count(CommandCall& call);   // command_commands.cc
void command_list(CommandCall& call);    // command_commands.cc
void command_info(CommandCall& call);    // command_commands.cc
void command_docs(CommandCall& call);    // command_commands.cc
void info(CommandCall& call);            // server_commands.cc
void config_get(CommandCall& call);      // server_commands.cc
void time(CommandCall& call);            // server_commands.cc
void not_redis(CommandCall& call);       // connection_commands.cc
}  // namespace answers

}  // namespace rateguard::resp
