// RG.CHECK, RG.PEEK, RG.RESET, RG.RELEASE: configured rules by their names.
#include <fmt/format.h>

#include <optional>

#include "model/ascii.h"
#include "server/hold_text.h"
#include "server/resp/call.h"
#include "store/counter_key.h"

namespace rateguard::resp {
namespace {

// What may follow a rule's name and its first key.
enum class Rest : uint8_t { kCostAndOptions, kOptions };

void fail_lookup(CommandCall& call, const Error& error) {
  call.fail(fmt::format("ERR {}", error.message));
}

// rule key [cost] [PLAN plan] [AND part [part ...]]. Empty: the error was written.
std::optional<server::RuleCheck> read_check(CommandCall& call, Rest rest) {
  server::RuleCheck check{.rule = call.words[1], .key = {}, .plan = {}, .cost = Cost{1}};
  std::vector<std::string_view>& parts = call.workspace.key_parts;
  parts.clear();
  if (!call.words[2].empty()) parts.push_back(call.words[2]);
  size_t at = 3;
  int64_t cost = 0;
  if (rest == Rest::kCostAndOptions && at < call.words.size() && parse_integer(call.words[at], cost)) {
    const auto moved = signed_cost(cost);
    if (!moved) {
      call.fail_not_an_integer();
      return std::nullopt;
    }
    check.cost = *moved;
    ++at;
  } else if (rest == Rest::kCostAndOptions && call.words.size() == 4) {
    call.fail_not_an_integer();  // only a cost may come here
    return std::nullopt;
  }
  if (at + 1 < call.words.size() && equal_ignoring_case(call.words[at], "plan")) {
    check.plan = call.words[at + 1];
    at += 2;
  }
  if (at + 1 < call.words.size() && equal_ignoring_case(call.words[at], "and")) {
    for (++at; at < call.words.size() && parts.size() < server::kKeyPartsMax; ++at) parts.push_back(call.words[at]);
  }
  if (at != call.words.size()) {
    call.fail_syntax();
    return std::nullopt;
  }
  check.key = parts;
  return check;
}

// Adds the check of a command that is not decided together with others.
const server::DirectCheck* add_alone(CommandCall& call, const server::RuleCheck& check) {
  call.workspace.decider.clear();
  const auto added = call.workspace.decider.add(check);
  if (added) return &call.workspace.decider.direct(*added);
  fail_lookup(call, added.error());
  return nullptr;
}

}  // namespace

void answers::rg_check(CommandCall& call) {
  const auto check = read_check(call, Rest::kCostAndOptions);
  if (!check) return;
  if (const auto added = call.workspace.batch.add(*check, call.client); !added) fail_lookup(call, added.error());
}

void answers::rg_peek(CommandCall& call) {
  auto check = read_check(call, Rest::kOptions);
  if (!check) return;
  check->cost = Cost{0};
  check->purpose = server::Purpose::kLook;
  if (const server::DirectCheck* const look = add_alone(call, *check)) {
    call.workspace.decider.run(call.now);
    if (look->basis != Basis::kCounter) {
      call.workspace.decider.clear();
      return call.fail(kUnavailable);
    }
    ReplyWriter& reply = call.reply;
    reply.map(5);
    reply.bulk("rule");
    reply.bulk(call.workspace.decider.in_force().rule(*look->rule).name);
    reply.bulk("algorithm");
    look->limit ? reply.bulk(to_string(look->limit->algorithm)) : reply.null();
    reply.bulk("limit");
    look->limit ? reply.integer(look->decision.limit) : reply.null();
    reply.bulk("remaining");
    look->limit ? reply.integer(look->decision.remaining) : reply.null();
    reply.bulk("reset_after_ms");
    reply.integer(look->limit ? look->decision.reset_after.ceil_millis() : 0);
  }
  call.workspace.decider.clear();
}

void answers::rg_reset(CommandCall& call) {
  const auto check = read_check(call, Rest::kOptions);
  if (!check) return;
  if (const server::DirectCheck* const counter = add_alone(call, *check)) {
    const server::Service& service = call.workspace.service;
    const ResetResult result =
        counter->limit ? call.workspace.store.reset(counter->key, counter->terms) : ResetResult::kNotThere;
    if (result == ResetResult::kUnavailable) {
      call.workspace.decider.clear();
      return call.fail(kUnavailable);
    }
    const bool existed = result == ResetResult::kForgotten;
    if (service.log != nullptr) {
      service.log->write(LogLevel::kInfo, "counter reset",
                         {{"client", call.client.id},
                          {"peer", call.client.peer.to_string()},
                          {"rule", check->rule},
                          {"existed", existed}});
    }
    call.reply.integer(existed ? 1 : 0);
  }
  call.workspace.decider.clear();
}

void answers::rg_release(CommandCall& call) {
  HoldId hold;
  if (!server::parse_hold(call.words[1], hold)) {
    return call.fail("ERR a hold is the 40 hexadecimal digits that a check answered");
  }
  const ReleaseResult result = call.workspace.store.release(hold, call.now);
  if (result == ReleaseResult::kUnavailable) return call.fail(kUnavailable);
  call.reply.integer(result == ReleaseResult::kReleased ? 1 : 0);
}

}  // namespace rateguard::resp
