#include "redis/session.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "base/check.h"
#include "redis/command.h"
#include "redis/error_reply.h"
#include "redis/info.h"

namespace rateguard::redis {
namespace {

// Scripts replicate their effects, which 5 does by default.
constexpr int kVersionMin = 5;

// The major version out of INFO's text; 0 if it does not say.
int major_version(std::string_view info) {
  const std::string_view text = info_field(info, "redis_version");
  int major = 0;
  std::from_chars(text.data(), text.data() + text.size(), major);
  return major;
}

// "standalone", "cluster" or "sentinel" out of INFO's text. Valkey has another name for the field.
std::string_view mode_of(std::string_view info) {
  const std::string_view mode = info_field(info, "redis_mode");
  return mode.empty() ? info_field(info, "server_mode") : mode;
}

Error wrong(ErrorCode code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

}  // namespace

ServerEndpoint ServerEndpoint::from(const Url& url, std::shared_ptr<const net::TlsClientContext> tls) {
  RG_CHECK(url.security == Security::kPlain || tls != nullptr);
  return {.target = {.host = url.host, .port = url.port, .path = url.path},
          .tls = url.security == Security::kTls ? std::move(tls) : nullptr,
          .user = url.user,
          .password = url.password,
          .database = url.database};
}

Session::Session(net::EventLoop& loop, SessionOwner& owner, SessionOptions options)
    : loop_(loop), owner_(owner), options_(options), stream_(loop, *this), heard_at_(loop.now()) {}

Session::~Session() {
  close();
}

void Session::start(const ServerEndpoint& server) {
  RG_CHECK(is_closed());
  server_ = server;
  phase_ = Phase::kConnecting;
  sent_total_ = 0;
  deadline_at_ = Instant::max();
  arm_deadline(options_.patience, "does not answer");
  stream_.connect(
      {.target = server.target, .tls = server.tls, .tls_name = server.tls_name, .patience = options_.patience});
}

// `what` describes the error if the time passes. An earlier deadline stays.
void Session::arm_deadline(Duration patience, std::string_view what) {
  const Instant when = loop_.now() + patience;
  if (when >= deadline_at_) return;
  deadline_at_ = when;
  deadline_ = loop_.at(when, [this, what] {
    // A busy loop must not look like a slow server: reads what has arrived first.
    if (phase_ == Phase::kGreeting) stream_.read_now();
    if (phase_ == Phase::kClosed || phase_ == Phase::kOpen || loop_.now() < deadline_at_) return;
    const std::string why = stream_.is_connected() ? fmt::format(": it accepts connections and {}", what) : "";
    end({.code = ErrorCode::kUnavailable, .message = "timed out" + why, .source = ErrorSource::kNetwork});
  });
}

void Session::close() {
  stream_.close();
  deadline_.cancel();
  phase_ = Phase::kClosed;
  out_.clear();
  sent_total_ += std::exchange(begun_, 0);
}

void Session::end(Error error) {
  if (error.message.find(server_.target.to_string()) == std::string::npos) {
    error.message = fmt::format("Redis at {}: {}", server_.target.to_string(), error.message);
  }
  close();
  owner_.on_closed(error);
}

void Session::opened() {
  reader_.emplace(options_.reply_bytes_max);  // not before: the owner may have called start() when it got a reply
  heard_at_ = loop_.now();
  greet();
}

void Session::closed(net::StreamEnd how, const Error& error) {
  end(explained(how, error));
}

// The error with what to change.
Error Session::explained(net::StreamEnd how, const Error& error) const {
  Error told = error;
  switch (how) {
    case net::StreamEnd::kNotConnected:
    case net::StreamEnd::kLate:
      break;
    case net::StreamEnd::kCertificate:
      if (told.message.contains("mismatch")) {
        told.message += "; where it is for another name than its host, give that as tls_server_name";
      }
      break;
    case net::StreamEnd::kTls:
      // With TLS 1.3 a server says only after the handshake that it needs a certificate, or another one.
      if (phase_ == Phase::kGreeting) told.message = "it refuses TLS: " + told.message;
      if (phase_ == Phase::kOpen) told.code = ErrorCode::kUnavailable;
      break;
    case net::StreamEnd::kEnded:
    case net::StreamEnd::kBroken:
      // A server with TLS ends like this when it is greeted without TLS.
      if (phase_ == Phase::kGreeting && !server_.tls) {
        told.message += " when it was greeted; if it speaks TLS, say rediss://";
      }
      break;
  }
  return told;
}

// All in one write; the replies are matched in order.
void Session::greet() {
  phase_ = Phase::kGreeting;
  steps_.clear();
  steps_done_ = 0;
  greeting_.clear();
  const auto say = [this](Step step, std::initializer_list<std::string_view> words) {
    steps_.push_back(step);
    append_command(greeting_, words);
  };
  if (!server_.password.empty()) {
    if (server_.user.empty()) {
      say(Step::kAuth, {"AUTH", server_.password});
    } else {
      say(Step::kAuth, {"AUTH", server_.user, server_.password});
    }
  }
  say(Step::kPing, {"PING"});
  say(Step::kServerInfo, {"INFO", "server"});
  if (server_.role == Role::kWholeAndWritable) say(Step::kReplicationInfo, {"INFO", "replication"});
  if (server_.database != 0) say(Step::kSelect, {"SELECT", std::to_string(server_.database)});
  if (!server_.client_name.empty()) say(Step::kSetName, {"CLIENT", "SETNAME", server_.client_name});
  if (server_.role == Role::kPrimary) say(Step::kRole, {"ROLE"});
  flush();
}

std::optional<Error> Session::refusal(Step step, const Reply& reply) const {
  const bool is_text = reply.kind == ReplyKind::kStatus || reply.kind == ReplyKind::kString;
  if (!reply.is_error() && (step == Step::kRole ? !reply.is_array() : !is_text)) {
    return wrong(ErrorCode::kInvalid, "it does not answer a login as Redis does");
  }
  const bool not_permitted = reply.is_error("NOPERM");
  switch (step) {
    case Step::kAuth:
      if (!reply.is_error()) return std::nullopt;
      return wrong(ErrorCode::kInvalid, "it refuses the user or password: " + reply.text);
    case Step::kPing:
      if (reply.is_error("NOAUTH")) return wrong(ErrorCode::kInvalid, "it asks for a password; the URL has none");
      if (!reply.is_error() || not_permitted) return std::nullopt;
      return wrong(ErrorCode::kUnavailable, "it is not ready: " + explain_error(reply.text));
    case Step::kServerInfo:  // an ACL may forbid it; the error's text has no fields
      return refusal_of_server(reply.text);
    case Step::kReplicationInfo:
      if (info_field(reply.text, "role") != "slave" || info_field(reply.text, "slave_read_only") != "1") break;
      return wrong(ErrorCode::kUnavailable,
                   fmt::format("it is a replica of {}:{} and cannot be written to",
                               info_field(reply.text, "master_host"), info_field(reply.text, "master_port")));
    case Step::kSelect:
      if (!reply.is_error()) return std::nullopt;
      return wrong(ErrorCode::kInvalid, fmt::format("it refuses database {}: {}", server_.database, reply.text));
    case Step::kSetName:
      return std::nullopt;  // the name is optional
    case Step::kRole:
      if (reply.is_array() && !reply.elements.empty() && reply.elements[0].text == "master") return std::nullopt;
      return wrong(ErrorCode::kUnavailable,
                   reply.is_error() ? "it does not tell its role: " + reply.text : "it is not a primary");
  }
  return std::nullopt;
}

std::optional<Error> Session::refusal_of_server(std::string_view info) const {
  if (const int version = major_version(info); version != 0 && version < kVersionMin) {
    return wrong(ErrorCode::kInvalid, fmt::format("it is of version {}; {} or later is needed", version, kVersionMin));
  }
  if (server_.role != Role::kWholeAndWritable) return std::nullopt;
  const std::string where = server_.target.to_string();
  const std::string url = fmt::format("redis{}://{}", server_.tls != nullptr ? "s" : "", where);
  if (mode_of(info) == "cluster") {
    return wrong(
        ErrorCode::kInvalid,
        fmt::format("Redis at {}: {}, which holds some of the keys only; write cluster: [\"{}\"] in place of url",
                    where, kNodeOfACluster, url));
  }
  if (mode_of(info) == "sentinel") {
    return wrong(
        ErrorCode::kInvalid,
        fmt::format(
            "Redis at {}: it is a Sentinel, which holds no keys; write sentinels: [\"{}\"] and the service in place "
            "of url",
            where, url));
  }
  return std::nullopt;
}

void Session::on_greeting_reply(const Reply& reply) {
  if (auto problem = refusal(steps_[steps_done_++], reply)) return end(std::move(*problem));
  if (steps_done_ < steps_.size()) return;
  phase_ = Phase::kOpen;
  deadline_.cancel();
  owner_.on_open();
  flush();
}

void Session::flush() {
  if (phase_ != Phase::kGreeting && phase_ != Phase::kOpen) return;
  std::string& bytes = phase_ == Phase::kGreeting ? greeting_ : out_;
  const size_t sent = stream_.offer(bytes);
  bytes.erase(0, sent);
  if (phase_ == Phase::kGreeting) return;
  sent_total_ += sent;
  // TLS may have begun a record with these bytes, and needs the same bytes again.
  begun_ = stream_.is_secure() ? bytes.size() : 0;
}

void Session::input(std::span<char> bytes) {
  heard_at_ = loop_.now();
  if (phase_ == Phase::kGreeting) arm_deadline(options_.rest_patience, "answers by halves");
  reader_->feed({bytes.data(), bytes.size()});
  hand_out_replies();
}

void Session::hand_out_replies() {
  for (;;) {
    const auto reply = reader_->next();
    if (!reply) {
      Error error = reply.error();
      if (phase_ == Phase::kGreeting) error.code = ErrorCode::kInvalid;  // it is not a Redis
      return end(std::move(error));
    }
    if (*reply == nullptr) return;
    if (phase_ == Phase::kGreeting) {
      on_greeting_reply(**reply);
    } else {
      owner_.on_reply(**reply);
    }
    if (phase_ == Phase::kClosed || phase_ == Phase::kConnecting)
      return;  // closed, and perhaps started again by the owner
  }
}

}  // namespace rateguard::redis
