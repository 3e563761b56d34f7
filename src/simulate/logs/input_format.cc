#include "simulate/logs/input_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"
#include "simulate/logs/access_log_parser.h"
#include "simulate/logs/formatted_line_parser.h"
#include "simulate/logs/json_lines_parser.h"
#include "simulate/logs/w3c_parser.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr std::array<std::string_view, 12> kFormatNames = {
    "auto", "combined", "common", "jsonl", "csv", "w3c", "haproxy", "envoy", "istio", "alb", "elb", "log-format"};
constexpr size_t kLinesToDetect = 50;

// The layouts of servers whose default is not a combined log, in the syntax of their own or of nginx.
struct KnownLayout {
  InputFormat format;
  std::string_view layout;
};
constexpr KnownLayout kKnownLayouts[] = {
    // haproxy.com/documentation: option httplog. The client is %ci:%cp; captured headers may stand before the request.
    {InputFormat::kHaproxy,
     R"($client_and_port [$time_local] $frontend $backend $timers $status $bytes $cookie $set_cookie $state )"
     R"($connections $anything"$request")"},
    // envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string
    {InputFormat::kEnvoy,
     R"([%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% )"
     R"(%RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% )"
     R"("%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%")"},
    // istio.io/latest/docs/tasks/observability/logs/access-log
    {InputFormat::kIstio,
     R"([%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% )"
     R"(%RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" )"
     R"(%BYTES_RECEIVED% %BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" )"
     R"("%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER% )"
     R"(%UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% )"},
    // docs.aws.amazon.com: access logs for your Application Load Balancer
    {InputFormat::kAlb,
     R"($type $time_iso8601 $elb $client_and_port $target $request_time $target_time $response_time $elb_status )"
     R"($target_status $received $sent "$request" "$http_user_agent" )"},
    // ... and for your Classic Load Balancer
    {InputFormat::kElb,
     R"($time_iso8601 $elb $client_and_port $backend $request_time $backend_time $response_time $elb_status )"
     R"($backend_status $received $sent "$request" "$http_user_agent" )"},
};

LineFormat known_layout(InputFormat format) {
  const auto known = std::ranges::find(kKnownLayouts, format, &KnownLayout::format);
  RG_CHECK(known != std::end(kKnownLayouts));
  auto layout = compile_line_format(known->layout);
  RG_CHECK(layout.has_value());
  return std::move(*layout);
}

std::vector<std::string> first_lines(std::string_view head) {
  std::vector<std::string> lines;
  while (lines.size() < kLinesToDetect && !head.empty()) {
    const size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.starts_with('\0')) line.remove_prefix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) lines.emplace_back(line);
  }
  return lines;
}

size_t count_fitting(InputFormat format, const std::vector<std::string>& lines) {
  const auto parser = make_line_parser({.format = format});
  LogEntry entry;
  return static_cast<size_t>(
      std::ranges::count_if(lines, [&](const std::string& line) { return parser->parse(line, entry).has_value(); }));
}

bool is_w3c(const std::vector<std::string>& lines) {
  return !lines.empty() && lines.front().starts_with('#') &&
         std::ranges::any_of(lines, [](const std::string& line) { return line.starts_with("#Fields:"); });
}

// Possibly a row of names: no parser of lines took it, and a comma, tab or semicolon is in it.
bool may_be_csv(std::string_view line) {
  return line.find_first_of(",;\t") != std::string_view::npos;
}

}  // namespace

std::string_view to_string(InputFormat format) {
  return kFormatNames[static_cast<size_t>(format)];
}

std::vector<std::string_view> input_format_names() {
  return {kFormatNames.begin(), kFormatNames.end() - 1};
}

Result<InputFormat> parse_input_format(std::string_view name) {
  const std::vector<std::string_view> names = input_format_names();
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<InputFormat>(found - names.begin());
  return invalid(fmt::format("unknown log format '{}'; expected one of {}", name, fmt::join(names, ", ")));
}

DetectedFormat detect_format(std::string_view head) {
  std::vector<std::string> lines = first_lines(head);
  DetectedFormat out{.lines = lines.size()};
  if (is_w3c(lines)) {
    out.format = InputFormat::kW3c;
    out.fitting = count_fitting(InputFormat::kW3c, lines);
    return out;
  }
  const std::string first = lines.empty() ? std::string() : lines.front();
  out.envelopes = take_envelopes(lines);
  for (const InputFormat format : {InputFormat::kCombined, InputFormat::kHaproxy, InputFormat::kIstio,
                                   InputFormat::kEnvoy, InputFormat::kAlb, InputFormat::kElb}) {
    const size_t fitting = count_fitting(format, lines);
    if (fitting <= out.fitting) continue;
    out.fitting = fitting;
    out.format = format;
  }
  const auto objects =
      static_cast<size_t>(std::ranges::count_if(lines, [](const auto& line) { return line.starts_with('{'); }));
  if (objects > out.fitting) {
    out.format = InputFormat::kJsonLines;
    out.fitting = objects;
  } else if (out.format == InputFormat::kCombined) {
    const auto trailers = static_cast<size_t>(std::ranges::count_if(lines, has_trailer));
    if (trailers * 2 < out.fitting) out.format = InputFormat::kCommon;
  } else if (out.format == InputFormat::kAuto && out.envelopes.empty() && may_be_csv(first)) {
    out.format = InputFormat::kCsv;
    out.fitting = out.lines;
  }
  return out;
}

std::vector<Envelope> detect_envelopes(std::string_view head) {
  std::vector<std::string> lines = first_lines(head);
  return take_envelopes(lines);
}

std::unique_ptr<LineParser> make_line_parser(const ParserOptions& options) {
  const WantedHeaders wanted(options.wanted_headers);
  std::unique_ptr<LineParser> parser;
  switch (options.format) {
    case InputFormat::kAuto:
    case InputFormat::kCsv:
      RG_CHECK(false);
    case InputFormat::kCombined:
    case InputFormat::kCommon:
      parser = std::make_unique<AccessLogParser>(wanted);
      break;
    case InputFormat::kJsonLines:
      parser = std::make_unique<JsonLinesParser>(options.columns, wanted);
      break;
    case InputFormat::kW3c:
      parser = std::make_unique<W3cParser>(options.columns, wanted);
      break;
    case InputFormat::kHaproxy:
    case InputFormat::kEnvoy:
    case InputFormat::kIstio:
    case InputFormat::kAlb:
    case InputFormat::kElb:
      parser = std::make_unique<FormattedLineParser>(known_layout(options.format), wanted);
      break;
    case InputFormat::kLayout:
      RG_CHECK(options.layout.has_value());
      parser = std::make_unique<FormattedLineParser>(*options.layout, wanted);
      break;
  }
  if (options.envelopes.empty()) return parser;
  return std::make_unique<EnvelopedParser>(options.envelopes, std::move(parser));
}

}  // namespace rateguard::simulate
