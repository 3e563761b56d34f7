#include "redis/sentinel.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "base/check.h"
#include "redis/command.h"
#include "redis/error_reply.h"

namespace rateguard::redis {
namespace {

constexpr std::string_view kSwitchChannel = "+switch-master";

ConnectionOptions with_change(ConnectionOptions options, std::function<void()> on_change) {
  options.on_change = std::move(on_change);
  return options;
}

ServerEndpoint as_primary(ServerEndpoint server) {
  server.role = Role::kPrimary;
  return server;
}

// The words of "name old-host old-port new-host new-port"; the rest are empty if there are fewer.
std::array<std::string_view, 5> words_of(std::string_view text) {
  std::array<std::string_view, 5> words;
  for (std::string_view& word : words) {
    const size_t space = text.find(' ');
    word = text.substr(0, space);
    text = space == std::string_view::npos ? "" : text.substr(space + 1);
  }
  return words;
}

}  // namespace

SentinelConnection::SentinelConnection(net::EventLoop& loop, SentinelSettings settings, ConnectionOptions options)
    : loop_(loop),
      settings_(std::move(settings)),
      on_change_(options.on_change),
      primary_(loop, as_primary(settings_.primary), with_change(options, [this] { on_primary_change(); })),
      sentinel_(loop, settings_.sentinels.at(0), with_change(options, [this] { on_sentinel_change(); })),
      listener_(loop, *this, options.session) {}

void SentinelConnection::start() {
  RG_CHECK(!started_);
  started_ = true;
  sentinel_.start();
  listen();
  refresh_ = loop_.every(settings_.refresh_period, [this] { ask_current_sentinel(); });
}

void SentinelConnection::stop() {
  started_ = false;
  refresh_.cancel();
  next_.cancel();
  listen_again_.cancel();
  listener_.close();
  sentinel_.stop();
  primary_.stop();
}

void SentinelConnection::set_problem(std::string problem) {
  if (problem == problem_) return;
  problem_ = std::move(problem);
  on_change_();
}

void SentinelConnection::ask_current_sentinel() {
  if (asking_ || !sentinel_.is_open()) return;
  asking_ = true;
  sentinel_.call({"SENTINEL", "get-master-addr-by-name", settings_.service}, settings_.patience,
                 [this](const CommandResult& answer) {
                   asking_ = false;
                   if (started_) on_address(answer);
                 });
}

void SentinelConnection::on_address(const CommandResult& answer) {
  const std::string who = "Sentinel at " + sentinel_.server().target.to_string();
  if (!answer) {
    set_problem(answer.error().message);
  } else if ((*answer)->is_array() && (*answer)->elements.size() == 2) {
    return found((*answer)->elements[0].text, (*answer)->elements[1].text);
  } else if ((*answer)->is_error()) {
    const bool is_no_sentinel = (*answer)->text.contains("unknown command");
    if (is_no_sentinel) ++refusals_;
    set_problem(is_no_sentinel
                    ? who + " is not a Sentinel: it does not know the command SENTINEL; name a server with data as url"
                    : fmt::format("{}: {}", who, explain_error((*answer)->text)));
  } else {
    ++refusals_;
    set_problem(fmt::format("{} does not know the service '{}'", who, settings_.service));
  }
  try_next_later();
}

void SentinelConnection::found(std::string_view host, std::string_view port_text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
  if (host.empty() || port == 0 || error != std::errc() || end != port_text.data() + port_text.size()) return;
  refusals_ = 0;
  set_problem("");
  ServerEndpoint server = as_primary(settings_.primary);
  server.target = {.host = std::string(host), .port = port};
  primary_.move_to(server);
  if (std::exchange(primary_started_, true)) return;
  primary_.start();
}

void SentinelConnection::on_sentinel_change() {
  if (sentinel_.is_open()) return ask_current_sentinel();
  refusals_ = sentinel_.problem().code == ErrorCode::kInvalid ? refusals_ + 1 : 0;
  set_problem(sentinel_.problem().message);
  try_next_later();
}

// The primary is lost, or no longer a primary: the Sentinels may already know the new one.
void SentinelConnection::on_primary_change() {
  if (started_ && !primary_.is_open()) ask_current_sentinel();
  on_change_();
}

void SentinelConnection::try_next_later() {
  if (!started_) return;
  next_ = loop_.after(settings_.pause, [this] { try_next(); });
}

void SentinelConnection::try_next() {
  current_ = (current_ + 1) % settings_.sentinels.size();
  const ServerEndpoint& server = settings_.sentinels[current_];
  if (server.target == sentinel_.server().target) return;  // the only one: its connection replaces itself
  sentinel_.move_to(server);
  listener_.close();
  listen();
}

void SentinelConnection::listen() {
  listen_again_.cancel();
  if (listener_.is_closed()) listener_.start(settings_.sentinels[current_]);
}

void SentinelConnection::on_open() {
  append_command(listener_.out(), {"SUBSCRIBE", kSwitchChannel});
  listener_.flush();
}

void SentinelConnection::on_reply(const Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != 3) return;
  if (reply.elements[0].text != "message" || reply.elements[1].text != kSwitchChannel) return;
  const auto [service, old_host, old_port, host, port] = words_of(reply.elements[2].text);
  if (service == settings_.service) found(host, port);
}

void SentinelConnection::on_closed(const Error&) {
  // Twice the pause: if this Sentinel is gone, another one is current by then.
  listen_again_ = loop_.after(settings_.pause * 2, [this] { listen(); });
}

}  // namespace rateguard::redis
