// What one side sent counts as taken only when the other side has it all: no more than a window of it waits here.
//
// A relay deletes itself on one of three ways out: the answer is whole, the client has gone, or the call has failed.
// Each event handler does nothing after it has taken one.
#include "http/relay/relay.h"

#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "http/chars.h"
#include "http/relay/forwarding.h"

namespace rateguard::http {
namespace {

class Relay final : private ExchangeEvents, private CallEvents {
 public:
  void start(Exchange& exchange, Client& client, std::shared_ptr<const Origin> origin, RelayOptions options);

 private:
  void body_arrived(Exchange& exchange, std::string_view bytes) override;
  void body_ended(Exchange& exchange, std::span<const Header> trailers) override;
  void drained(Exchange& exchange) override;
  void client_finished(Exchange& exchange) override;
  void client_gone(Exchange& exchange) override;
  void informed(Call& call, const AnswerHead& head) override;
  void answered(Call& call, const AnswerHead& head) override;
  void body_arrived(Call& call, std::string_view bytes) override;
  void body_ended(Call& call, std::span<const Header> trailers) override;
  void drained(Call& call) override;
  void failed(Call& call, CallEnd end, const Error& error) override;

  void switch_protocols(const AnswerHead& head);
  void add_via(std::vector<Header>& fields);
  static void set_fields(std::vector<Header>& fields, std::span<const Header> set);

  KeptExchange exchange_;
  std::unique_ptr<Call> call_;
  std::unique_ptr<RelayWatcher> watcher_;
  std::string via_;
  size_t held_of_request_ = 0;
  size_t held_of_answer_ = 0;
  bool answer_begun_ = false;
};

void Relay::start(Exchange& exchange, Client& client, std::shared_ptr<const Origin> origin, RelayOptions options) {
  exchange_ = exchange.keep(this);
  const Request& request = exchange.request();
  via_ = fmt::format("{} {}", request.version == Version::k2 ? "2" : "1.1", options.via);
  std::vector<Header> fields;
  forwardable(request.headers, fields);
  set_fields(fields, options.fields);
  add_via(fields);
  const RequestContent content = options.body ? RequestContent::kStreamed : request.content;
  const std::string length = options.body ? std::to_string(options.body->size()) : "";
  if (options.body) set_fields(fields, std::array{Header{"content-length", length}});
  const bool upgrades = request.content == RequestContent::kNone && request.version == Version::k11;
  call_ = client.call(std::move(origin),
                      {.method = request.method,
                       .target = request.target,
                       .authority = options.authority,
                       .headers = fields,
                       .content = content,
                       .upgrade = upgrades ? find_header(request.headers, "upgrade") : std::string_view()},
                      *this, options.timeouts);
  watcher_ = std::move(options.watcher);
  if (options.body) {
    call_->write(*options.body);
    call_->finish();
  } else if (request.content == RequestContent::kStreamed) {
    exchange.receive();
  }
}

void Relay::set_fields(std::vector<Header>& fields, std::span<const Header> set) {
  for (const Header& one : set) {
    std::erase_if(fields, [&](const Header& field) { return equals_lower(field.name, one.name); });
    fields.push_back(one);
  }
}

void Relay::add_via(std::vector<Header>& fields) {
  fields.push_back({"via", via_});
}

void Relay::body_arrived(Exchange& exchange, std::string_view bytes) {
  call_->write(bytes);
  held_of_request_ += bytes.size();
  if (call_->waiting_bytes() == 0) exchange.consume(std::exchange(held_of_request_, 0));
}

void Relay::drained(Call&) {
  exchange_->consume(std::exchange(held_of_request_, 0));
}

void Relay::body_ended(Exchange&, std::span<const Header> trailers) {
  for (const Header& field : trailers) call_->trailer(field.name, field.value);
  call_->finish();
}

void Relay::informed(Call&, const AnswerHead& head) {
  if (head.status == 100) return;  // the client was told when its content was asked for
  std::vector<Header> fields;
  forwardable(head.headers, fields);
  exchange_->inform(head.status, fields);
}

void Relay::answered(Call&, const AnswerHead& head) {
  answer_begun_ = true;
  if (watcher_) watcher_->answered(head);
  if (head.status == 101) return switch_protocols(head);
  std::vector<Header> fields;
  forwardable(head.headers, fields);
  add_via(fields);
  exchange_->status(head.status);
  for (const Header& field : fields) exchange_->header(field.name, field.value);
  exchange_->flush();
}

void Relay::switch_protocols(const AnswerHead& head) {
  std::vector<Header> fields;
  forwardable(head.headers, fields);
  exchange_->upgrade(find_header(head.headers, "upgrade"), fields);
  exchange_->receive();
}

void Relay::body_arrived(Call& call, std::string_view bytes) {
  exchange_->write(watcher_ ? watcher_->passing(bytes) : bytes);
  exchange_->flush();
  held_of_answer_ += bytes.size();
  if (exchange_->waiting_bytes() == 0) call.consume(std::exchange(held_of_answer_, 0));
}

void Relay::drained(Exchange&) {
  call_->consume(std::exchange(held_of_answer_, 0));
}

void Relay::body_ended(Call&, std::span<const Header> trailers) {
  if (watcher_) exchange_->write(watcher_->ending());
  for (const Header& field : trailers) exchange_->trailer(field.name, field.value);
  exchange_->finish();
  delete this;
}

// As nginx and Go's server take it: who waits for a costly answer and closes its side has given up.
void Relay::client_finished(Exchange&) {
  delete this;
}

void Relay::client_gone(Exchange&) {
  delete this;
}

// An answer that has begun is cut off, so that it is visibly incomplete.
void Relay::failed(Call&, CallEnd end, const Error& error) {
  if (!answer_begun_) {
    exchange_->status(gateway_status(end));
    exchange_->body("text/plain", error.message + "\n");
    exchange_->finish();
  }
  delete this;
}

}  // namespace

int gateway_status(CallEnd end) {
  switch (end) {
    case CallEnd::kLate:
      return 504;
    case CallEnd::kTooMany:
      return 503;
    case CallEnd::kOurs:
      return 400;
    case CallEnd::kNotConnected:
    case CallEnd::kBroken:
    case CallEnd::kMalformed:
      break;
  }
  return 502;
}

void relay(Exchange& exchange, Client& client, std::shared_ptr<const Origin> origin, RelayOptions options) {
  (new Relay)->start(exchange, client, std::move(origin), std::move(options));
}

}  // namespace rateguard::http
