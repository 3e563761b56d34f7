#include "server/resp/resp_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "server/resp/access.h"
#include "server/resp/call.h"

namespace rateguard::resp {
namespace {

using server::Access;

// So much of an unknown command and of its arguments is repeated (Redis: 128 of each).
constexpr size_t kShownBytesMax = 128;

int64_t next_client_id() {
  static std::atomic<int64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// The place of commands that there are not.
size_t unknown_place() {
  return commands().size();
}

std::string unknown_command(std::span<const std::string_view> words) {
  std::string shown;
  for (const std::string_view word : words.subspan(1)) {
    if (shown.size() >= kShownBytesMax) break;
    shown += fmt::format("'{}' ", cut(word, kShownBytesMax - shown.size()));
  }
  return fmt::format("ERR unknown command '{}', with args beginning with: {}", cut(words[0], kShownBytesMax), shown);
}

// The row that answers, or the error.
struct Found {
  const Command* command = nullptr;
  std::string error = {};
};

Found find(std::span<const std::string_view> words) {
  const Command* const command = find_command(words[0]);
  if (command == nullptr) return {.error = unknown_command(words)};
  const auto wrong_arity = [](const Command& row) {
    return fmt::format("ERR wrong number of arguments for '{}' command", row.name);
  };
  if (!command->takes(words.size())) return {.command = command, .error = wrong_arity(*command)};
  if (words.size() == 1 || !has_subcommands(*command)) return {.command = command};
  const Command* const subcommand = find_subcommand(*command, words[1]);
  if (subcommand == nullptr) {
    return {.command = command,
            .error = fmt::format("ERR unknown subcommand '{}'. Try COMMAND DOCS {}.", cut(words[1], kShownBytesMax),
                                 command->name)};
  }
  if (!subcommand->takes(words.size())) return {.command = subcommand, .error = wrong_arity(*subcommand)};
  return {.command = subcommand};
}

// Why the client may not; empty: it may.
std::string refusal(const Client& client, const Command& command) {
  if (command.access == Access::kAny || client.granted == Access::kAdmin) return {};
  if (client.granted == Access::kAny) return "NOAUTH Authentication required.";
  if (command.access == Access::kToken) return {};
  return fmt::format("NOPERM this user has no permissions to run the '{}' command", command.name);
}

void log_access(const server::Service& service, const Client& client, std::string_view command) {
  char peer[IpAddress::kTextMax];
  const int length = client.peer.to_chars(peer);
  service.log->write(
      config::LogLevel::kInfo, "command",
      {{"client", client.id}, {"peer", std::string_view(peer, static_cast<size_t>(length))}, {"command", command}});
}

}  // namespace

RespApi::RespApi(server::Service& service, Policy policy, const server::LoopStore& store)
    : metrics_(std::make_unique<metrics::LoopMetrics>()), loop_(std::make_unique<Loop>(service, store, *metrics_)) {
  RG_CHECK(unknown_place() < metrics::kRespCommandsMax);
  if (service.metrics.resp_commands.empty()) {
    for (const Command& command : commands()) service.metrics.resp_commands.push_back(command.name);
    service.metrics.resp_commands.push_back("unknown");
  }
  set_policy(std::move(policy));
}

RespApi::~RespApi() = default;

void RespApi::set_policy(Policy policy) {
  loop_->decider.set_policy(std::move(policy));
}

const metrics::RespMetrics& RespApi::resp_metrics() const {
  return loop_->counters;
}

Client RespApi::greet(const IpAddress& peer, Instant now) const {
  return {.id = next_client_id(),
          .peer = peer,
          .since = now,
          .granted = granted_at_first(peer, loop_->service.settings.known_tokens())};
}

Answered RespApi::answer(Client& client, std::string_view bytes, size_t output_bytes_max, net::ByteBuffer& out,
                         Instant now) {
  using After = Answered::After;
  using Status = CommandParser::Status;
  CommandParser& parser = loop_->parser;
  Answered answered;
  while (!client.leaving && answered.consumed < bytes.size()) {
    if (out.size() >= output_bytes_max) {
      answered.after = After::kOutputFull;
      break;
    }
    const Status status = parser.parse(bytes.substr(answered.consumed), client.caller());
    if (status == Status::kNeedMore) {
      answered.wanted = parser.wanted();
      break;
    }
    if (status == Status::kError) {
      client.leaving = true;
      loop_->counters.protocol_errors.add();
      Reply reply(out, client.protocol);
      loop_->batch.flush(reply, now);
      reply.error("ERR " + parser.error());
      break;
    }
    answered.consumed += parser.consumed();
    if (!parser.arguments().empty()) execute(client, parser.arguments(), out, now);
  }
  Reply reply(out, client.protocol);
  loop_->batch.flush(reply, now);
  if (client.leaving) answered.after = After::kLeave;
  return answered;
}

void RespApi::execute(Client& client, std::span<const std::string_view> words, net::ByteBuffer& out, Instant now) {
  Loop& loop = *loop_;
  const Found found = find(words);
  const size_t place =
      found.command != nullptr ? static_cast<size_t>(found.command - commands().data()) : unknown_place();
  loop.counters.commands[place].add();
  if (loop.service.settings.access_log && loop.service.log != nullptr) {
    log_access(loop.service, client, found.command != nullptr ? found.command->name : "unknown");
  }

  const Replies before = client.replies;
  Reply reply(before == Replies::kOn ? out : loop.discarded, client.protocol);
  // Checks of a client that is answered wait for each other; everything else comes after those before it.
  const bool waits = found.command != nullptr && found.command->asked_together && before == Replies::kOn;
  if (!waits || loop.batch.full()) {
    Reply earlier(out, client.protocol);
    loop.batch.flush(earlier, now);
  }
  std::string error = found.error;
  if (error.empty()) error = refusal(client, *found.command);
  if (!error.empty()) {
    loop.batch.flush(reply, now);
    loop.counters.errors[place].add();
    reply.error(error);
  } else {
    Call call{.loop = loop, .client = client, .command = *found.command, .words = words, .now = now, .reply = reply};
    found.command->answer(call);
  }
  if (before == Replies::kOn) return;
  loop.batch.flush(reply, now);
  // The answer to CLIENT REPLY ON is the first that is sent again.
  if (client.replies == Replies::kOn) out.append(loop.discarded.view());
  loop.discarded.clear();
  if (before == Replies::kSkipNext && client.replies == Replies::kSkipNext) client.replies = Replies::kOn;
}

}  // namespace rateguard::resp
