#include "server/grpc/grpc_api.h"

#include <grpc/health/v1/health.pb.h>

#include <algorithm>
#include <utility>

#include "server/grpc/protobuf_message.h"
#include "server/grpc/reflection.h"

namespace rateguard::grpc {
namespace {

constexpr std::string_view kContentType = "application/grpc";
constexpr std::string_view kEncodings = "identity,gzip";
// How often a watched state is checked for changes: as often as probes commonly ask.
constexpr Duration kWatchInterval = Duration::millis(500);
// Compressing smaller messages gains nothing.
constexpr size_t kCompressedMin = 512;

void refuse_http(int status, std::string_view text, http::Responder& responder) {
  responder.status(status);
  responder.body("text/plain", text);
}

StatusCode code_of(const http::Rejection& rejection) {
  switch (rejection.status) {
    case 400:
    case 417:
      return StatusCode::kInvalidArgument;
    case 408:
      return StatusCode::kDeadlineExceeded;
    case 501:
      return StatusCode::kUnimplemented;
    default:
      return StatusCode::kResourceExhausted;
  }
}

}  // namespace

GrpcApi::GrpcApi(server::Service& service, rls::RateLimitService& rate_limits, net::EventLoop& loop, GrpcLimits limits)
    : service_(service),
      rate_limits_(rate_limits),
      loop_(loop),
      limits_(limits),
      metrics_(std::make_unique<GrpcMetrics>()),
      reader_(limits.message_bytes_max),
      at_once_(rate_limits),
      desk_(rate_limits.tasks(), rate_limits.policies(),
            [this] { return std::make_unique<RateLimitCall>(rate_limits_); },
            {.waiting_bytes_max = limits.waiting_calls_bytes_max}) {}

GrpcApi::~GrpcApi() = default;

http::BodyDelivery GrpcApi::delivery(const http::Request& head) {
  const Rpc* const rpc = find_rpc(head.target);
  return rpc != nullptr && rpc->is_streaming() ? http::BodyDelivery::kPieces : http::BodyDelivery::kWhole;
}

void GrpcApi::handle(http::Exchange& exchange, Now now) {
  const http::Request& request = exchange.request();
  const CallHead head = read_head(request);
  if (!head.is_post) return refuse_http(405, "gRPC is spoken here: POST\n", exchange);
  if (!head.is_grpc()) return refuse_http(415, "gRPC is spoken here: application/grpc\n", exchange);
  const Rpc* const rpc = find_rpc(request.target);
  Status status = admit(head, rpc, request);
  if (status.ok() && rpc->is_streaming()) return begin_conversation(head, *rpc, exchange);
  UnaryCall call{
      .rpc = rpc,
      .peer = request.peer,
      .reply_as = head.encoding == Encoding::kGzip && head.accepts_gzip ? Compressed::kYes : Compressed::kNo};
  if (service_.logs_access()) call.begin = std::chrono::steady_clock::now();
  call.arriving = std::max(Duration{}, now - request.started);
  if (status.ok() && !head.timeout.empty()) {
    call.deadline = request.started + *parse_timeout(head.timeout);
    if (now >= *call.deadline) {
      status = {StatusCode::kDeadlineExceeded, "the deadline passed before the whole request arrived"};
    }
  }
  if (status.ok()) {
    Unframed unframed = reader_.only(request.body, head.encoding);
    if (unframed.outcome != Unframed::Outcome::kMessage) {
      status = std::move(unframed.refusal);
    } else if (rpc->kind == RpcKind::kShouldRateLimit && desk_.waits()) {
      status = begin_waiting(call, unframed.message, exchange);
      if (status.ok()) return;
    } else {
      status = answer(*rpc, unframed.message, now);
    }
  }
  conclude(call, status, at_once_.take_note(), exchange);
}

Status GrpcApi::admit(const CallHead& head, const Rpc* rpc, const http::Request& request) const {
  if (rpc == nullptr)
    return {StatusCode::kUnimplemented, "unknown method " + std::string(request.target.substr(0, 200))};
  if (head.encoding == Encoding::kUnknown) {
    return {StatusCode::kUnimplemented, "grpc-encoding: only identity and gzip are spoken here"};
  }
  if (!head.timeout.empty() && !parse_timeout(head.timeout)) {
    return {StatusCode::kInvalidArgument, "grpc-timeout: expected one to eight digits and a unit of H, M, S, m, u, n"};
  }
  const auto peer = server::is_loopback(request.peer) ? server::Peer::kDirectLocal : server::Peer::kOther;
  if (head.authorization_repeated) {
    return {StatusCode::kUnauthenticated, "authorization came twice; it is unknown which one counts"};
  }
  switch (server::check_access(rpc->access, bearer_token(head.authorization), peer, service_.settings.known_tokens())) {
    case server::AccessVerdict::kGranted:
      return {};
    case server::AccessVerdict::kNoToken:
      return {StatusCode::kUnauthenticated, "this listener asks for a token: authorization: Bearer TOKEN"};
    default:
      return {StatusCode::kUnauthenticated, "unknown token"};
  }
}

Status GrpcApi::answer(const Rpc& rpc, std::string_view message, Now now) {
  return rpc.kind == RpcKind::kShouldRateLimit ? should_rate_limit(message, now) : check_health(message);
}

Status GrpcApi::should_rate_limit(std::string_view message, Now now) {
  if (Status read = at_once_.read(message); !read.ok()) return read;
  return at_once_.answer(now, reply_);
}

Status GrpcApi::check_health(std::string_view message) {
  ::grpc::health::v1::HealthCheckRequest asked;
  if (Status parsed = parse(message, asked); !parsed.ok()) return parsed;
  const ServingStatus status = health_of(service_, asked.service());
  if (status == ServingStatus::kServiceUnknown) return {StatusCode::kNotFound, "unknown service " + asked.service()};
  ::grpc::health::v1::HealthCheckResponse answered;
  answered.set_status(static_cast<::grpc::health::v1::HealthCheckResponse::ServingStatus>(status));
  frame(answered, reply_);
  return {};
}

void GrpcApi::conclude(const UnaryCall& call, const Status& status, const server::DecisionNote& note,
                       http::Exchange& exchange) {
  log_call(call, status.code, note);
  if (!status.ok()) return fail(call.rpc, status, exchange);
  count(call.rpc, StatusCode::kOk);
  say_reply(call.reply_as, exchange);
}

// Compresses the reply if that gains anything.
void GrpcApi::say_reply(Compressed reply_as, http::Exchange& exchange) {
  bool compress = reply_as == Compressed::kYes && reply_.size() >= kCompressedMin;
  if (compress) {
    compressed_.resize(kMessagePrefix);
    compress = gzip_.compress(std::string_view(reply_).substr(kMessagePrefix), compressed_) &&
               compressed_.size() < reply_.size();
    if (compress) write_prefix(compressed_.data(), compressed_.size() - kMessagePrefix, Compressed::kYes);
  }
  exchange.status(200);
  exchange.header("content-type", kContentType);
  if (compress) exchange.header("grpc-encoding", "gzip");
  exchange.write(compress ? compressed_ : reply_);
  exchange.trailer("grpc-status", "0");
}

// "Trailers-Only": one block of fields.
void GrpcApi::fail(const Rpc* rpc, const Status& status, http::Responder& responder) {
  count(rpc, status.code);
  responder.status(200);
  responder.header("content-type", kContentType);
  if (status.code == StatusCode::kUnimplemented) responder.header("grpc-accept-encoding", kEncodings);
  responder.header("grpc-status", number_of(status.code));
  responder.header("grpc-message", percent_encoded(status.message));
}

void GrpcApi::reject(const http::Rejection& rejection, Instant now, http::Responder& responder) {
  UnaryCall call{.rpc = find_rpc(rejection.request.target), .peer = rejection.request.peer};
  call.arriving = std::max(Duration{}, now - rejection.request.started);
  if (service_.logs_access()) call.begin = std::chrono::steady_clock::now();
  const Status status{code_of(rejection), rejection.field + ": " + rejection.detail};
  log_call(call, status.code, {});
  fail(call.rpc, status, responder);
}

void GrpcApi::count(const Rpc* rpc, StatusCode code) {
  metrics_->calls[rpc_index(rpc)][static_cast<size_t>(code)].add();
}

// The question is taken before anything waits: it goes with the stream, and the task may have to wait to begin.
Status GrpcApi::begin_waiting(const UnaryCall& call, std::string_view message, http::Exchange& exchange) {
  const size_t bytes = RateLimitCall::bytes_for(message.size());
  if (!desk_.has_room(bytes)) return {StatusCode::kResourceExhausted, "too many calls wait for the counters"};
  auto owned = std::make_unique<WaitingCall>(*this, desk_.take());
  WaitingCall& waiting = *owned;
  if (Status read = waiting.question->read(message); !read.ok()) return read;
  waiting.call = call;
  waiting.exchange = exchange.keep(&waiting);
  if (call.deadline) {
    waiting.deadline = loop_.at(*call.deadline, [this, &waiting] {
      conclude(waiting, {StatusCode::kDeadlineExceeded, "the deadline has passed"}, {});
      waiting.task.cancel();
    });
  }
  desk_.serve(bytes, waiting.task, [this, owned = std::move(owned)] { decide(*owned); });
  return {};
}

void GrpcApi::decide(WaitingCall& waiting) {
  Status status = waiting.question->answer(loop_.now(), reply_);
  const std::optional<Instant> deadline = waiting.call.deadline;
  if (deadline && loop_.now() >= *deadline) status = {StatusCode::kDeadlineExceeded, "the deadline has passed"};
  conclude(waiting, status, waiting.question->take_note());
}

void GrpcApi::conclude(WaitingCall& waiting, const Status& status, const server::DecisionNote& note) {
  if (waiting.exchange == nullptr) return;
  waiting.deadline.cancel();
  const http::KeptExchange exchange = std::exchange(waiting.exchange, nullptr);
  conclude(waiting.call, status, note, *exchange);
  exchange->finish();
}

void GrpcApi::give_up(WaitingCall& waiting) {
  if (waiting.exchange == nullptr) return;
  waiting.deadline.cancel();
  count(waiting.call.rpc, StatusCode::kCancelled);
  log_call(waiting.call, StatusCode::kCancelled, {});
  const http::KeptExchange gone = std::exchange(waiting.exchange, nullptr);
  waiting.task.cancel();
}

void GrpcApi::begin_conversation(const CallHead& head, const Rpc& rpc, http::Exchange& exchange) {
  log_stream(rpc, exchange.request().peer);
  std::optional<Duration> timeout;
  if (!head.timeout.empty()) timeout = parse_timeout(head.timeout);
  Conversation& conversation = conversations_[&exchange];
  conversation = {.rpc = &rpc, .encoding = head.encoding};
  conversation.exchange = exchange.keep(this);
  if (timeout) {
    conversation.deadline = loop_.after(*timeout, [this, &exchange] {
      end_conversation(exchange, {StatusCode::kDeadlineExceeded, "the deadline has passed"});
    });
  }
  exchange.receive();
}

void GrpcApi::body_arrived(http::Exchange& exchange, std::string_view bytes) {
  exchange.consume(bytes.size());  // the bytes kept of a message have their own bound
  const auto found = conversations_.find(&exchange);
  if (found == conversations_.end()) return;
  Conversation& conversation = found->second;
  conversation.received.append(bytes);
  std::string_view rest = conversation.received;
  Status status;
  while (status.ok()) {
    Unframed unframed = reader_.next(rest, conversation.encoding);
    if (unframed.outcome == Unframed::Outcome::kNeedMore) break;
    if (unframed.outcome == Unframed::Outcome::kRefused) {
      status = std::move(unframed.refusal);
      break;
    }
    status = converse(conversation, unframed.message);
    rest.remove_prefix(unframed.consumed);
  }
  if (!status.ok()) return end_conversation(exchange, status);
  conversation.received.erase(0, conversation.received.size() - rest.size());
}

void GrpcApi::body_ended(http::Exchange& exchange, std::span<const Header>) {
  const auto found = conversations_.find(&exchange);
  if (found == conversations_.end()) return;
  const Conversation& conversation = found->second;
  if (!conversation.received.empty()) {
    return end_conversation(exchange, {StatusCode::kInternal, "the message is incomplete"});
  }
  if (conversation.is_watching) return;
  const bool one_was_due = conversation.rpc->kind == RpcKind::kHealthWatch;
  end_conversation(exchange,
                   one_was_due ? Status{StatusCode::kInternal, "no message in a call that takes one"} : Status{});
}

Status GrpcApi::converse(Conversation& conversation, std::string_view message) {
  if (conversation.rpc->kind == RpcKind::kReflection) {
    reply_.assign(kMessagePrefix, '\0');
    if (Status status = reflect(message, reply_); !status.ok()) return status;
    write_prefix(reply_.data(), reply_.size() - kMessagePrefix, Compressed::kNo);
    if (conversation.exchange->waiting_bytes() + reply_.size() > limits_.waiting_bytes_max) {
      return {StatusCode::kResourceExhausted, "the answers are not read"};
    }
    begin_reply(conversation);
    conversation.exchange->write(reply_);
    conversation.exchange->flush();
    return {};
  }
  if (conversation.is_watching) return {StatusCode::kInternal, "more than one message in a call that takes one"};
  ::grpc::health::v1::HealthCheckRequest asked;
  if (Status parsed = parse(message, asked); !parsed.ok()) return parsed;
  conversation.is_watching = true;
  conversation.watched = asked.service();
  tell_watcher(conversation, health_of(service_, conversation.watched));
  watch_ = loop_.every(kWatchInterval, [this] { tell_watchers(); });
  return {};
}

void GrpcApi::begin_reply(Conversation& conversation) {
  if (std::exchange(conversation.head_sent, true)) return;
  conversation.exchange->status(200);
  conversation.exchange->header("content-type", kContentType);
}

void GrpcApi::tell_watcher(Conversation& conversation, ServingStatus status) {
  if (conversation.head_sent && conversation.last == status) return;
  begin_reply(conversation);
  conversation.last = status;
  ::grpc::health::v1::HealthCheckResponse answered;
  answered.set_status(static_cast<::grpc::health::v1::HealthCheckResponse::ServingStatus>(status));
  frame(answered, reply_);
  // A watcher that does not read needs only the last state, but none is lost before thousands wait.
  if (conversation.exchange->waiting_bytes() + reply_.size() > limits_.waiting_bytes_max) return;
  conversation.exchange->write(reply_);
  conversation.exchange->flush();
}

void GrpcApi::tell_watchers() {
  std::vector<http::Exchange*> watchers;  // writing to one may break its connection, which ends others
  for (const auto& [exchange, conversation] : conversations_) {
    if (conversation.is_watching) watchers.push_back(exchange);
  }
  if (watchers.empty()) return watch_.cancel();
  for (http::Exchange* const watcher : watchers) {
    const auto found = conversations_.find(watcher);
    if (found == conversations_.end()) continue;
    tell_watcher(found->second, health_of(service_, found->second.watched));
  }
}

void GrpcApi::end_conversation(http::Exchange& exchange, const Status& status) {
  const auto found = conversations_.find(&exchange);
  if (found == conversations_.end()) return;
  auto node = conversations_.extract(found);  // its timer may be running this, and it owns the exchange
  Conversation& conversation = node.mapped();
  if (!conversation.head_sent && !status.ok()) {
    fail(conversation.rpc, status, exchange);
    return exchange.finish();
  }
  count(conversation.rpc, status.code);
  begin_reply(conversation);
  exchange.trailer("grpc-status", number_of(status.code));
  if (!status.ok()) exchange.trailer("grpc-message", percent_encoded(status.message));
  exchange.finish();
}

void GrpcApi::client_gone(http::Exchange& exchange) {
  const auto found = conversations_.find(&exchange);
  if (found == conversations_.end()) return;
  count(found->second.rpc, StatusCode::kCancelled);
  conversations_.erase(found);
}

void GrpcApi::drain() {
  tell_watchers();
  std::vector<http::Exchange*> open;
  for (const auto& [exchange, conversation] : conversations_) open.push_back(exchange);
  for (http::Exchange* const exchange : open) {
    end_conversation(*exchange, {StatusCode::kUnavailable, "the server is shutting down"});
  }
}

}  // namespace rateguard::grpc
