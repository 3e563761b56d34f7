// A reverse proxy in front of an API of language models that says what each call used:
//   token_meter UPSTREAM_PORT
// Listens on a port of 127.0.0.1, which it prints, and then prints a line for each call.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/relay/relay.h"
#include "http/server/server.h"
#include "net/clock.h"
#include "usage/model_call.h"
#include "usage/token_prices.h"
#include "usage/usage_chunk_filter.h"
#include "usage/usage_reader.h"

namespace http = rateguard::http;
namespace usage = rateguard::usage;

// $2.50 and $10 a million tokens.
constexpr usage::TokenPrices kPrices = {.input = 2'500'000, .output = 10'000'000};

// Reads one answer as it passes, and prints its line when it is over, however that comes about.
class AnswerMeter final : public http::RelayWatcher {
 public:
  AnswerMeter(usage::ModelCall call, usage::UsageDialect dialect) : call_(std::move(call)), dialect_(dialect) {}
  ~AnswerMeter() override {
    const usage::TokenUsage used = reader_ ? reader_->usage(call_.input_tokens_estimate()) : usage::TokenUsage();
    constexpr std::string_view kSources[] = {"none", "reported", "estimated"};
    fmt::print("model={} input={} cached={} output={} source={} nano_dollars={}\n", call_.model, used.input,
               used.cached_input, used.output, kSources[static_cast<size_t>(used.source)],
               usage::cost_nano_dollars(used, kPrices));
    std::fflush(stdout);
  }

  void answered(const http::AnswerHead& head) override {
    const bool events = rateguard::find_header(head.headers, "content-type").starts_with("text/event-stream");
    reader_.emplace(dialect_, events ? usage::AnswerShape::kEvents : usage::AnswerShape::kJson);
    // Only who did not ask for the usage is spared the chunk that tells it.
    const bool has_length = !rateguard::find_header(head.headers, "content-length").empty();
    if (events && !has_length && dialect_ == usage::UsageDialect::kOpenAi && !call_.asks_usage) filter_.emplace();
  }
  std::string_view passing(std::string_view piece) override {
    reader_->read(piece);
    if (!filter_) return piece;
    passes_.clear();
    filter_->read(piece, passes_);
    return passes_;
  }
  std::string_view ending() override {
    reader_->finish();
    passes_.clear();
    if (filter_) filter_->finish(passes_);
    return passes_;
  }

 private:
  const usage::ModelCall call_;
  const usage::UsageDialect dialect_;
  std::optional<usage::UsageReader> reader_;
  std::optional<usage::UsageChunkFilter> filter_;
  std::string passes_;
};

class TokenMeter final : public http::Handler {
 public:
  TokenMeter(rateguard::net::EventLoop& loop, http::Origin upstream)
      : client_(loop), upstream_(std::make_shared<const http::Origin>(std::move(upstream))) {}

  bool streams() const override { return true; }
  void handle(http::Exchange& exchange, rateguard::Now) override {
    const http::Request& request = exchange.request();
    if (request.body.empty()) return http::relay(exchange, client_, upstream_);
    const auto call = usage::read_model_call(request.body);
    if (!call) {
      exchange.status(400);
      return exchange.body("text/plain", call.error().message + "\n");
    }
    const auto dialect =
        request.path.ends_with("/messages") ? usage::UsageDialect::kAnthropic : usage::UsageDialect::kOpenAi;
    const bool asks = dialect == usage::UsageDialect::kOpenAi && call->streams && !call->asks_usage;
    const std::string body = asks ? usage::asking_for_usage(request.body) : std::string(request.body);
    const rateguard::Header readable{"accept-encoding", "identity"};
    http::relay(exchange, client_, upstream_,
                {.fields = {&readable, 1}, .body = body, .watcher = std::make_unique<AnswerMeter>(*call, dialect)});
  }
  void reject(const http::Rejection& rejection, rateguard::Instant, http::Responder& answer) override {
    answer.status(rejection.status);
    answer.body("text/plain", rejection.detail);
  }

 private:
  http::Client client_;
  std::shared_ptr<const http::Origin> upstream_;
};

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  rateguard::net::SystemClock clock;
  const auto loop = rateguard::net::EventLoop::create(clock).value();
  TokenMeter meter(*loop, {.target = {.host = "127.0.0.1", .port = static_cast<uint16_t>(std::atoi(argv[1]))},
                           .protocols = http::Protocols::kHttp1});
  http::Server server({});
  fmt::print("{}\n", server.start(*loop, meter).value());
  std::fflush(stdout);
  loop->run();
}
