// `rateguard check`: the body of POST /check from the command line, answered by the service's code, either in this
// process on empty counters, or by a running service.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "app/cli/commands.h"
#include "app/cli/describe.h"
#include "app/cli/terminal.h"
#include "app/serve/config_source.h"
#include "http/client/blocking_client.h"
#include "http/local_exchange.h"
#include "model/ascii.h"
#include "model/quantity.h"
#include "net/clock.h"
#include "net/settings/endpoint.h"
#include "server/http/http_api.h"
#include "store/memory/memory_store.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// How long a running service may take to answer; a person waits.
constexpr Duration kPatience = Duration::seconds(5);

Result<json::object> limit_fields(const CheckOptions& options) {
  const auto algorithm = parse_algorithm(options.algorithm.empty() ? "token_bucket" : options.algorithm);
  if (!algorithm) return std::unexpected(algorithm.error());
  const auto text = parse_limit_text(options.limit);
  if (!text) return std::unexpected(text.error());

  json::object fields = {{"algorithm", to_string(*algorithm)}};
  const std::string rate = fmt::format("{}/{}ms", text->rate.units, text->rate.period.us / 1'000);
  const std::string period = fmt::format("{}ms", text->rate.period.us / 1'000);
  const uint64_t capacity = text->burst.value_or(text->rate.units);
  switch (*algorithm) {
    case Algorithm::kTokenBucket:
      fields["capacity"] = capacity;
      fields["refill_rate"] = rate;
      return fields;
    case Algorithm::kGcra:
      fields["burst"] = capacity;
      fields["rate"] = rate;
      return fields;
    case Algorithm::kLeakyBucket:
      fields["queue"] = capacity;
      fields["rate"] = rate;
      return fields;
    case Algorithm::kFixedWindow:
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kSlidingWindowCounter:
    case Algorithm::kConcurrency:
      break;
  }
  if (text->burst) return invalid(fmt::format("--limit: {} has no burst", to_string(*algorithm)));
  fields["limit"] = text->rate.units;
  fields[*algorithm == Algorithm::kConcurrency ? "hold" : "window"] = period;
  return fields;
}

Result<json::object> facts_of(const CheckOptions& options) {
  json::object facts;
  const auto set = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) facts[name] = value;
  };
  set("method", options.method);
  set("path", options.path);
  set("host", options.host);
  set("ip", options.ip);
  set("user", options.user);
  set("api_key", options.api_key);
  set("workspace", options.workspace);
  set("plan", options.plan);
  json::object headers;
  for (const std::string& header : options.headers) {
    const size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0) {
      return invalid(fmt::format("--header '{}': expected NAME:VALUE", header));
    }
    const size_t value_at = header.find_first_not_of(' ', colon + 1);
    const std::string name = header.substr(0, colon);
    const auto same = [&name](const auto& other) { return equal_ignoring_case(other.key(), name); };
    if (std::ranges::any_of(headers, same)) return invalid(fmt::format("--header '{}' is given twice", name));
    headers[name] = value_at == std::string::npos ? std::string() : header.substr(value_at);
  }
  if (!headers.empty()) facts["headers"] = std::move(headers);
  facts["cost"] = options.cost;
  return facts;
}

bool has_facts(const CheckOptions& options) {
  const std::string* const texts[] = {&options.method, &options.path,    &options.host,      &options.ip,
                                      &options.user,   &options.api_key, &options.workspace, &options.plan};
  return !options.headers.empty() || std::ranges::any_of(texts, [](const auto* text) { return !text->empty(); });
}

// What option_rules.h cannot say. What is asked about is a rule, a limit, or the facts of a request.
Result<void> check_question(const CheckOptions& options) {
  if (!options.limit.empty()) {
    if (options.key.empty()) return invalid("--limit needs --key KEY: whom it counts");
    if (options.key.size() == 1) return {};
    return invalid(
        fmt::format("--limit counts by one --key, and {} are given; only a rule (--rule) may count by "
                    "several",
                    options.key.size()));
  }
  if (!options.rule.empty() || has_facts(options)) return {};
  return invalid(
      "nothing to decide; expected facts of a request such as --method, --path and --ip, or --limit or "
      "--rule with --key");
}

// The body of POST /check.
Result<std::string> body_of(const CheckOptions& options) {
  if (auto good = check_question(options); !good) return std::unexpected(good.error());
  json::object body;
  if (!options.rule.empty()) {
    body["rule"] = options.rule;
    if (options.key.size() == 1) {
      body["key"] = options.key.front();
    } else {
      body["key"] = json::array(options.key.begin(), options.key.end());
    }
    if (!options.plan.empty()) body["plan"] = options.plan;
    body["cost"] = options.cost;
  } else if (!options.limit.empty()) {
    auto fields = limit_fields(options);
    if (!fields) return std::unexpected(fields.error());
    body = std::move(*fields);
    body["key"] = options.key.front();
    body["cost"] = options.cost;
  } else {
    auto facts = facts_of(options);
    if (!facts) return std::unexpected(facts.error());
    body["facts"] = std::move(*facts);
    body["explain"] = true;
  }
  return json::serialize(body);
}

struct StatusAndBody {
  int status = 0;
  std::string body;
};
using Ask = std::function<Result<StatusAndBody>(const std::string& body)>;

class CapturedAnswer final : public http::Responder {
 public:
  void status(int code) override { answer.status = code; }
  void header(std::string_view, std::string_view) override {}
  void body(std::string_view, std::string_view bytes) override { answer.body = bytes; }

  StatusAndBody answer;
};

// Decides in this process, on empty counters, in virtual time that begins now.
class LocalService {
 public:
  static Result<std::unique_ptr<LocalService>> create(const CheckOptions& options, Duration every) {
    const ConfigSource source(options.config, [](config::Config config) { return config; });
    const auto config = source.load();
    if (!config) return std::unexpected(config.error());
    auto policy = make_policy(*config);
    if (!policy) return std::unexpected(policy.error());
    auto store = MemoryStore::create({.max_keys = 1024});
    if (!store) return std::unexpected(store.error());
    return std::unique_ptr<LocalService>(new LocalService(std::move(*store), std::move(*policy), every));
  }

  StatusAndBody ask(const std::string& body) {
    CapturedAnswer captured;
    http::Request request{};
    request.method = "POST";
    request.target = request.path = "/check";
    request.body = body;
    request.peer = *IpAddress::parse("127.0.0.1");
    http::LocalExchange exchange(request, captured);
    api_.handle(exchange, now_);
    now_ = now_ + every_;
    return captured.answer;
  }

 private:
  LocalService(std::unique_ptr<Store> store, Policy policy, Duration every)
      : store_(std::move(store)),
        service_(*store_),
        api_(service_, std::move(policy)),
        now_(net::SystemClock().now()),
        every_(every) {}

  std::unique_ptr<Store> store_;
  server::Service service_;
  http_api::HttpApi api_;
  Instant now_;
  Duration every_;
};

// "127.0.0.1:8080", or the same as a URL.
Result<net::Endpoint> server_of(const CheckOptions& options) {
  constexpr std::string_view kScheme = "http://";
  std::string_view text = options.server;
  if (text.starts_with("https://")) return invalid("--server: check speaks plain HTTP; expected HOST:PORT");
  if (text.starts_with(kScheme)) text.remove_prefix(kScheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  auto endpoint = net::Endpoint::parse(text);
  if (endpoint && endpoint->port != 0) return endpoint;
  return invalid(
      fmt::format("--server: '{}' is not the address of a service; expected HOST:PORT or http://HOST:PORT, "
                  "such as 127.0.0.1:8080",
                  options.server));
}

Result<StatusAndBody> ask_server(const CheckOptions& options, const net::Endpoint& server, const std::string& body) {
  const http::ClientRequest request{.method = "POST",
                                    .target = "/check",
                                    .content_type = "application/json",
                                    .bearer_token = options.token,
                                    .body = body};
  auto answer = http::ask(server.host, server.port, request, kPatience);
  if (!answer) return std::unexpected(answer.error());
  return StatusAndBody{.status = answer->status, .body = std::move(answer->body)};
}

std::string wait_in_words(const json::object& answer) {
  const json::value& wait = answer.at("retry_after_ms");
  if (wait.is_null()) return "never";
  return "in " + describe(Duration::millis(wait.as_int64()));
}

std::string_view text_at(const json::object& answer, std::string_view name) {
  const json::value* const value = answer.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string()) : std::string_view();
}

// Why no limit decides: what a refused request lacks, or why no limit applies to an admitted one.
std::string reason_of(const json::object& answer) {
  const std::string_view missing = text_at(answer, "missing");
  const std::string_view reason = text_at(answer, "reason");
  if (reason == "unknown_plan") return "  the rule has no limit for this plan, and none for the plan 'default'";
  if (!missing.empty()) return fmt::format("  the request lacks what the rule counts by: {}", missing);
  if (!answer.at("limit").is_null() || !answer.at("allowed").as_bool()) return {};
  const json::value* const limits = answer.if_contains("limits");
  if (limits == nullptr || !limits->is_array()) return "  the plan is unlimited, or the rule in shadow mode";
  return limits->as_array().empty() ? "  no rule limits this request: none matches, or its plan is unlimited"
                                    : "  only rules in shadow mode match";
}

void print_line(const json::object& answer) {
  const bool allowed = answer.at("allowed").as_bool();
  std::string line =
      allowed ? paint(stdout, TextStyle::kGreen, "admitted") : paint(stdout, TextStyle::kRed, "refused ");
  if (const json::value* rule = answer.if_contains("rule"); rule != nullptr && rule->is_string()) {
    line += fmt::format("  by {}", std::string_view(rule->as_string()));
  }
  if (const json::value* limit = answer.if_contains("limit"); limit != nullptr && limit->is_int64()) {
    line += fmt::format("  {} of {} left", answer.at("remaining").as_int64(), limit->as_int64());
  }
  const std::string reason = reason_of(answer);
  // If something is missing, waiting does not help.
  if (!allowed && reason.empty()) line += fmt::format("  again {}", wait_in_words(answer));
  line += reason;
  if (const json::value* delay = answer.if_contains("delay_ms"); delay != nullptr && delay->is_int64()) {
    line += fmt::format("  its turn in {}", describe(Duration::millis(delay->as_int64())));
  }
  fmt::print("{}\n", line);
}

// What the service says about a member of the body ("facts.api_key: expected ..."), about the option that made it.
std::string about_options(std::string detail) {
  constexpr std::string_view kFacts = "facts.";
  constexpr std::string_view kHeaders = "facts.headers.";
  if (detail.starts_with(kHeaders)) return "--header " + detail.substr(kHeaders.size());
  if (!detail.starts_with(kFacts)) return detail;
  const size_t name_end = std::min(detail.find(':'), detail.size());
  std::string name = detail.substr(kFacts.size(), name_end - kFacts.size());
  std::ranges::replace(name, '_', '-');
  return "--" + name + detail.substr(name_end);
}

// Prints a decision to standard output, anything else as an error. Returns the exit code.
int report(const StatusAndBody& answer, bool as_json) {
  boost::system::error_code error;
  const json::value body = json::parse(answer.body, error);
  const bool decision = !error && body.is_object() && body.as_object().contains("allowed");
  if (!decision) {
    const json::value* detail = !error && body.is_object() ? body.as_object().if_contains("detail") : nullptr;
    complain(detail != nullptr && detail->is_string()
                 ? about_options(std::string(detail->as_string()))
                 : fmt::format("the service answered {}: {}", answer.status, answer.body));
    return answer.status >= 500 || error ? kCannotServe : kUsage;
  }
  if (as_json) {
    fmt::print("{}\n", answer.body);
  } else {
    print_line(body.as_object());
  }
  return body.as_object().at("allowed").as_bool() ? kSuccess : kRefused;
}

Result<Ask> asker(const CheckOptions& options, Duration every, const net::Endpoint& server) {
  if (!options.server.empty()) {
    return Ask([&options, server](const std::string& body) { return ask_server(options, server, body); });
  }
  auto local = LocalService::create(options, every);
  if (!local) return std::unexpected(local.error());
  return Ask([service = std::shared_ptr<LocalService>(std::move(*local))](const std::string& body) {
    return Result<StatusAndBody>(service->ask(body));
  });
}

Result<Duration> every_of(const CheckOptions& options) {
  if (options.every == "0ms") return Duration{};
  auto every = parse_duration(options.every);
  if (!every) every.error().message = "--every: " + every.error().message;
  return every;
}

int complain_of(const Error& error, ExitCode code) {
  complain(error.to_string());
  return code;
}

}  // namespace

int check(const CheckOptions& options) {
  const auto body = body_of(options);
  if (!body) return complain_of(body.error(), kUsage);
  const auto every = every_of(options);
  if (!every) return complain_of(every.error(), kUsage);
  const auto server = options.server.empty() ? Result<net::Endpoint>(net::Endpoint{}) : server_of(options);
  if (!server) return complain_of(server.error(), kUsage);
  const auto ask = asker(options, *every, *server);
  if (!ask) return complain_of(ask.error(), kBadConfig);
  int code = kSuccess;
  for (int i = 0; i < options.repeat; ++i) {
    const auto answer = (*ask)(*body);
    if (!answer) return complain_of(answer.error(), kCannotServe);
    code = report(*answer, options.json);
    if (code != kSuccess && code != kRefused) return code;
  }
  return code;
}

}  // namespace rateguard::app
