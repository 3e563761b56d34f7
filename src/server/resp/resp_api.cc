#include "server/resp/resp_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "server/resp/access.h"
#include "server/resp/call.h"
#include "server/resp/command_exchange.h"

namespace rateguard::resp {
namespace {

using server::Access;

// The most of an unknown command and of its arguments that is repeated (Redis: 128 bytes of each).
constexpr size_t kShownBytesMax = 128;

int64_t next_client_id() {
  static std::atomic<int64_t> last = 0;
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// What is kept of an exchange's buffers for those to come: as much as a pipeline of some hundred checks takes.
constexpr size_t kIdleBufferBytesMax = 16 * 1'024;
// What an exchange has while it waits, beside its commands: its workspace, a stack's touched pages.
constexpr size_t kWaitingBytes = 32 * 1'024;

void empty(net::ByteBuffer& buffer) {
  buffer.capacity() > kIdleBufferBytesMax ? buffer.release() : buffer.clear();
}

// What unknown commands have in the metrics: the index after the last.
size_t unknown_command_index() {
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

// The command's row, or the error.
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

// Why the client may not call the command; empty if it may.
std::string refusal(const ConnectedClient& client, const Command& command) {
  if (command.access == Access::kAny || client.granted == Access::kAdmin) return {};
  if (client.granted == Access::kAny) return "NOAUTH Authentication required.";
  if (command.access == Access::kToken) return {};
  return fmt::format("NOPERM this user has no permissions to run the '{}' command", command.name);
}

void log_access(const server::Service& service, const ConnectedClient& client, std::string_view command) {
  char peer[IpAddress::kTextMax];
  const int length = client.peer.to_chars(peer);
  service.log->write(
      LogLevel::kInfo, "command",
      {{"client", client.id}, {"peer", std::string_view(peer, static_cast<size_t>(length))}, {"command", command}});
}

void execute(CommandWorkspace& workspace, ConnectedClient& client, std::span<const std::string_view> words,
             net::ByteBuffer& out, Now now) {
  const Found found = find(words);
  const size_t index =
      found.command != nullptr ? static_cast<size_t>(found.command - commands().data()) : unknown_command_index();
  workspace.counters.commands[index].add();
  if (workspace.service.logs_access()) {
    log_access(workspace.service, client, found.command != nullptr ? found.command->name : "unknown");
  }

  const Replies before = client.replies;
  ReplyWriter reply(before == Replies::kOn ? out : workspace.discarded, client.protocol);
  // Checks of a client that gets replies wait for each other; any other command is answered after the checks before it.
  const bool waits = found.command != nullptr && found.command->asked_together && before == Replies::kOn;
  if (!waits || workspace.batch.full()) {
    ReplyWriter earlier(out, client.protocol);
    workspace.batch.flush(earlier, now);
  }
  std::string error = found.error;
  if (error.empty()) error = refusal(client, *found.command);
  if (!error.empty()) {
    workspace.batch.flush(reply, now);
    workspace.counters.errors[index].add();
    reply.error(error);
  } else {
    CommandCall call{.workspace = workspace,
                     .client = client,
                     .command = *found.command,
                     .words = words,
                     .now = now,
                     .reply = reply};
    found.command->answer(call);
  }
  if (before == Replies::kOn) return;
  workspace.batch.flush(reply, now);
  // The reply to CLIENT REPLY ON is the first one that is sent again.
  if (client.replies == Replies::kOn) out.append(workspace.discarded.view());
  workspace.discarded.clear();
  if (before == Replies::kSkipNext && client.replies == Replies::kSkipNext) client.replies = Replies::kOn;
}

// As RespApi::answer().
Answered answer_commands(CommandWorkspace& workspace, ConnectedClient& client, std::string_view bytes,
                         size_t output_bytes_max, net::ByteBuffer& out, Now now) {
  using After = Answered::After;
  using Status = CommandParser::Status;
  CommandParser& parser = workspace.parser;
  Answered answered;
  while (!client.leaving && answered.consumed < bytes.size() && !workspace.is_cancelled()) {
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
      workspace.counters.protocol_errors.add();
      ReplyWriter reply(out, client.protocol);
      workspace.batch.flush(reply, now);
      reply.error("ERR " + parser.error());
      break;
    }
    answered.consumed += parser.consumed();
    if (parser.arguments().empty()) continue;
    execute(workspace, client, parser.arguments(), out, now);
    if (workspace.clock != nullptr) now = workspace.clock->now();  // the command may have waited
  }
  ReplyWriter reply(out, client.protocol);
  workspace.batch.flush(reply, now);
  if (client.leaving) answered.after = After::kLeave;
  return answered;
}

}  // namespace

RespApi::RespApi(server::Service& service, Policy policy, const server::LoopStore& store)
    : service_(service),
      store_(store),
      counters_(std::make_unique<RespCounters>()),
      workspace_(std::make_unique<CommandWorkspace>(service, store, *counters_)),
      desk_(store.tasks, policies_, [this] {
        auto exchange = std::make_unique<CommandExchange>(service_, store_, *counters_);
        exchange->workspace.decider.set_policy(workspace_->decider.policy());
        return exchange;
      }) {
  RG_CHECK(unknown_command_index() < kRespCommandsMax);
  set_policy(std::move(policy));
}

RespApi::~RespApi() = default;

void RespApi::set_policy(Policy policy) {
  workspace_->decider.set_policy(std::move(policy));
  ++policies_;
  desk_.forget_old();
}

const server::DecisionMetrics& RespApi::decisions() const {
  return counters_->decisions;
}

const RespMetrics& RespApi::metrics() const {
  return counters_->commands;
}

void RespApi::set_totals(const RespSource& totals) {
  counters_->totals = &totals;
}

ConnectedClient RespApi::greet(const IpAddress& peer, Now now) const {
  return {.id = next_client_id(),
          .peer = peer,
          .since = now,
          .granted = granted_at_first(peer, service_.settings.known_tokens())};
}

Answered RespApi::answer(ConnectedClient& client, std::string_view bytes, size_t output_bytes_max, net::ByteBuffer& out,
                         Now now) {
  return answer_commands(*workspace_, client, bytes, output_bytes_max, out, now);
}

bool RespApi::has_room(size_t bytes) const {
  return desk_.has_room(kWaitingBytes + bytes);
}

RespApi::TakenExchange RespApi::take_exchange() {
  return desk_.take();
}

void RespApi::answer_later(TakenExchange exchange, size_t output_bytes_max, const net::EventLoop& loop) {
  const size_t bytes = kWaitingBytes + exchange->in.size();
  net::TaskGroup& task = exchange->task;
  desk_.serve(bytes, task, [this, exchange = std::move(exchange), output_bytes_max, &loop]() mutable {
    run(exchange, output_bytes_max, loop);
  });
}

void RespApi::run(TakenExchange& exchange, size_t output_bytes_max, const net::EventLoop& loop) {
  CommandWorkspace& workspace = exchange->workspace;
  workspace.clock = &loop;
  workspace.tasks = store_.tasks;
  bool goes_on = true;
  while (goes_on) {
    if (!exchange.is_current()) {
      workspace.decider.set_policy(workspace_->decider.policy());
      exchange.is_renewed();
    }
    exchange->out.clear();
    exchange->answered = answer_commands(workspace, exchange->client, exchange->in.view().substr(exchange->handled),
                                         output_bytes_max, exchange->out, loop.now());
    exchange->handled += exchange->answered.consumed;
    goes_on = exchange->asker != nullptr && exchange->asker->answers_came();
  }
}

CommandExchange::~CommandExchange() {
  if (asker != nullptr) asker->exchange_gone();
}

void CommandExchange::rest() {
  if (asker != nullptr) std::exchange(asker, nullptr)->exchange_gone();
  client = {};
  handled = 0;
  for (net::ByteBuffer* const buffer : {&in, &out, &workspace.discarded}) empty(*buffer);
}

}  // namespace rateguard::resp
