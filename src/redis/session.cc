#include "redis/session.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "redis/command.h"
#include "redis/error_reply.h"
#include "redis/info.h"

namespace rateguard::redis {
namespace {

constexpr size_t kReadBytes = 64 * 1'024;  // the replies of a deep pipeline in one call
// Scripts replicate their effects, which 5 does by default.
constexpr int kVersionMin = 5;

// The major version out of INFO's text; 0 where it does not say.
int major_version(std::string_view info) {
  const std::string_view text = info_field(info, "redis_version");
  int major = 0;
  std::from_chars(text.data(), text.data() + text.size(), major);
  return major;
}

// "standalone", "cluster" or "sentinel" out of INFO's text. Valkey names the field anew.
std::string_view mode_of(std::string_view info) {
  const std::string_view mode = info_field(info, "redis_mode");
  return mode.empty() ? info_field(info, "server_mode") : mode;
}

Error wrong(ErrorCode code, std::string message) {
  return {.code = code, .message = std::move(message)};
}

std::string system_reason() {
  return errno == 0 ? "connection broken" : std::strerror(errno);
}

}  // namespace

Server Server::from(const Url& url, std::shared_ptr<const net::TlsClientContext> tls) {
  RG_CHECK(url.security == Security::kPlain || tls != nullptr);
  return {.target = {.host = url.host, .port = url.port, .path = url.path},
          .tls = url.security == Security::kTls ? std::move(tls) : nullptr,
          .user = url.user,
          .password = url.password,
          .database = url.database};
}

Session::Session(net::EventLoop& loop, SessionOwner& owner, SessionOptions options)
    : loop_(loop), owner_(owner), options_(options), connector_(loop), heard_at_(loop.now()) {}

Session::~Session() {
  close();
}

void Session::start(const Server& server) {
  RG_CHECK(is_closed());
  server_ = server;
  phase_ = Phase::kConnecting;
  sent_total_ = 0;
  deadline_at_ = Instant::max();
  arm_deadline(options_.patience, "does not answer");
  connector_.connect(server.target, options_.patience, [this](Result<int> made) { on_connected(std::move(made)); });
}

// `what` it does if the time passes. An earlier deadline stays.
void Session::arm_deadline(Duration patience, std::string_view what) {
  const Instant when = loop_.now() + patience;
  if (when >= deadline_at_) return;
  deadline_at_ = when;
  deadline_ = loop_.at(when, [this, what] {
    // A loop that was busy is not a server that was slow: what has come counts.
    if (phase_ == Phase::kGreeting) read();
    if (phase_ == Phase::kClosed || phase_ == Phase::kOpen || loop_.now() < deadline_at_) return;
    const std::string why = phase_ == Phase::kConnecting ? "" : fmt::format(": it accepts connections and {}", what);
    end({.code = ErrorCode::kUnavailable, .message = "timed out" + why});
  });
}

void Session::close() {
  if (transport_) loop_.unwatch(transport_->descriptor(), *this);
  connector_.cancel();
  deadline_.cancel();
  transport_.reset();
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

void Session::on_connected(Result<int> descriptor) {
  if (!descriptor) return end(std::move(descriptor.error()));
  transport_.emplace(*descriptor);
  reader_.emplace(options_.reply_bytes_max);  // not before: whoever was given a reply may have started this anew
  watched_ = EPOLLIN;
  if (auto watching = loop_.watch(*descriptor, watched_, *this); !watching) return end(watching.error());
  heard_at_ = loop_.now();
  if (!server_.tls) return greet();
  phase_ = Phase::kTls;
  if (!transport_->start_tls(*server_.tls, server_.tls_name.empty() ? server_.target.host : server_.tls_name)) {
    return end({.code = ErrorCode::kExhausted, .message = "cannot set up TLS"});
  }
  continue_tls();
}

void Session::continue_tls() {
  const net::IoResult result = transport_->handshake();
  switch (result.status) {
    case net::IoStatus::kOk:
      return greet();
    case net::IoStatus::kWantRead:
      return watch_for(EPOLLIN);
    case net::IoStatus::kWantWrite:
      return watch_for(EPOLLOUT);
    case net::IoStatus::kEnd:
    case net::IoStatus::kFailed:
      break;
  }
  const std::string problem = transport_->certificate_problem();
  if (!problem.empty()) {
    const bool is_of_another = problem.contains("mismatch");
    return end({.code = ErrorCode::kInvalid,
                .message = fmt::format("its certificate is not accepted: {}{}", problem,
                                       is_of_another ? "; where it is for another name than its host, give that as "
                                                       "tls_server_name"
                                                     : "")});
  }
  const std::string reason = transport_->tls_problem();
  if (reason.empty()) return end({.code = ErrorCode::kUnavailable, .message = "the TLS handshake failed"});
  end({.code = ErrorCode::kInvalid, .message = "the TLS handshake failed: " + reason});
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
    case Step::kServerInfo:  // an ACL may forbid to ask; the text of the error has no fields
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
      return std::nullopt;  // a name is a courtesy
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
  size_t sent = 0;
  while (sent < bytes.size()) {
    errno = 0;
    const net::IoResult result = transport_->send(std::string_view(bytes).substr(sent));
    if (result.status == net::IoStatus::kOk) {
      sent += result.bytes;
      continue;
    }
    if (phase_ == Phase::kOpen) begun_ = transport_->secure() ? bytes.size() : sent;
    if (result.status != net::IoStatus::kWantRead && result.status != net::IoStatus::kWantWrite) {
      return end({.code = ErrorCode::kUnavailable, .message = system_reason()});
    }
    break;
  }
  const bool blocked = sent < bytes.size();
  bytes.erase(0, sent);
  if (phase_ == Phase::kOpen) {
    sent_total_ += sent;
    // TLS may hold a record of what it was given, and wants the same bytes again.
    begun_ = blocked && transport_->secure() ? bytes.size() : 0;
  }
  watch_for(blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Session::on_ready(uint32_t events) {
  if (phase_ == Phase::kTls) return continue_tls();
  if ((events & EPOLLOUT) != 0) flush();
  if (transport_ && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) read();
}

void Session::read_now() {
  if (is_open()) read();
}

void Session::read() {
  static thread_local std::array<char, kReadBytes> buffer;
  do {
    errno = 0;
    const net::IoResult result = transport_->receive(buffer);
    if (result.status == net::IoStatus::kWantRead) return;
    if (result.status == net::IoStatus::kWantWrite) return watch_for(EPOLLIN | EPOLLOUT);
    // A server of TLS ends like this when it is greeted in plain.
    const std::string_view hint = phase_ == Phase::kGreeting && !transport_->secure()
                                      ? " when it was greeted; if it speaks TLS, say rediss://"
                                      : "";
    if (result.status == net::IoStatus::kEnd) {
      return end({.code = ErrorCode::kUnavailable, .message = fmt::format("the server closed the connection{}", hint)});
    }
    if (result.status == net::IoStatus::kFailed) {
      // With TLS 1.3 a server says only now that it wants another certificate, or one at all.
      const std::string reason = phase_ == Phase::kGreeting ? transport_->tls_problem() : "";
      if (!reason.empty()) return end({.code = ErrorCode::kInvalid, .message = "it refuses TLS: " + reason});
      return end({.code = ErrorCode::kUnavailable, .message = fmt::format("{}{}", system_reason(), hint)});
    }
    heard_at_ = loop_.now();
    if (phase_ == Phase::kGreeting) arm_deadline(options_.rest_patience, "answers by halves");
    reader_->feed({buffer.data(), result.bytes});
    if (!hand_out_replies()) return;
  } while (transport_->secure());  // what TLS has taken from the socket does not show in its readiness
}

bool Session::hand_out_replies() {
  while (true) {
    const auto reply = reader_->next();
    if (!reply) {
      Error error = reply.error();
      if (phase_ == Phase::kGreeting) error.code = ErrorCode::kInvalid;  // it has never been a Redis
      end(std::move(error));
      return false;
    }
    if (*reply == nullptr) return true;
    if (phase_ == Phase::kGreeting) {
      on_greeting_reply(**reply);
    } else {
      owner_.on_reply(**reply);
    }
    if (!transport_ || phase_ == Phase::kConnecting) return false;  // closed, and perhaps started again
  }
}

void Session::watch_for(uint32_t events) {
  if (events == watched_) return;
  watched_ = events;
  loop_.change(transport_->descriptor(), events, *this);
}

}  // namespace rateguard::redis
