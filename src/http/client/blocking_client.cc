#include "http/client/blocking_client.h"

#include <utility>

#include "http/client/client.h"
#include "net/clock.h"
#include "net/event_loop.h"

namespace rateguard::http {
namespace {

// The largest answer: a hundred times the largest of RateGuard's own.
constexpr size_t kBodyBytesMax = 64 * 1'024 * 1'024;

// Collects one answer and stops the loop.
class Collector final : public CallEvents {
 public:
  explicit Collector(net::EventLoop& loop) : loop_(loop) {}

  void answered(Call&, const AnswerHead& head) override { answer_.status = head.status; }
  void body_arrived(Call& call, std::string_view bytes) override {
    call.consume(bytes.size());
    if (answer_.body.size() + bytes.size() <= kBodyBytesMax) {
      answer_.body += bytes;
    } else {
      result_ = fail(ErrorCode::kExhausted, "the answer is too large");
      loop_.stop();
    }
  }
  void body_ended(Call&, std::span<const Header>) override {
    result_ = std::move(answer_);
    loop_.stop();
  }
  void failed(Call&, CallEnd, const Error& error) override {
    result_ = std::unexpected(error);
    loop_.stop();
  }
  Result<ClientAnswer> result() { return std::move(result_); }

 private:
  net::EventLoop& loop_;
  ClientAnswer answer_;
  Result<ClientAnswer> result_;
};

}  // namespace

Result<ClientAnswer> ask(const std::string& host, uint16_t port, const ClientRequest& request, Duration patience) {
  net::SystemClock clock;
  auto loop = net::EventLoop::create(clock);
  if (!loop) return std::unexpected(loop.error());
  std::vector<Header> headers;
  const std::string authorization = "Bearer " + request.bearer_token;
  const std::string length = std::to_string(request.body.size());
  if (!request.content_type.empty()) headers.push_back({"content-type", request.content_type});
  if (!request.bearer_token.empty()) headers.push_back({"authorization", authorization});
  if (!request.if_match.empty()) headers.push_back({"if-match", request.if_match});
  if (!request.body.empty()) headers.push_back({"content-length", length});

  Collector collector(**loop);
  Client client(**loop);
  const auto origin = std::make_shared<const Origin>(Origin{.target = {.host = host, .port = port}});
  const auto call = client.call(origin,
                                {.method = request.method,
                                 .target = request.target,
                                 .headers = headers,
                                 .content = request.body.empty() ? RequestContent::kNone : RequestContent::kStreamed},
                                collector, {.connect = patience, .first_byte = patience, .idle = patience});
  if (!request.body.empty()) {
    call->write(request.body);
    call->finish();
  }
  (*loop)->run();
  return collector.result();
}

}  // namespace rateguard::http
