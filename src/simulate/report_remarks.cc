#include "simulate/report_remarks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kFileChars = 200;
constexpr size_t kNameChars = 40;
constexpr size_t kColumnsShown = 12;  // more names than this would hide the one wanted

std::string requests_text(uint64_t n) {
  return fmt::format("{} {}", count_text(n), n == 1 ? "request" : "requests");
}

bool has_columns(InputFormat format) {
  return format == InputFormat::kCsv || format == InputFormat::kJsonLines || format == InputFormat::kW3c;
}

// A name as written in the log: quoted if a blank in it would be invisible.
std::string column_text(std::string_view name) {
  const bool plain = !name.empty() && name.find_first_of(" \t,'") == std::string_view::npos;
  return plain ? printable(name, kNameChars) : fmt::format("'{}'", printable(name, kNameChars));
}

std::string columns_text(const std::vector<std::string>& columns) {
  std::vector<std::string> shown;
  for (const std::string& column : columns) {
    if (shown.size() == kColumnsShown) break;
    shown.push_back(column_text(column));
  }
  std::string out = fmt::format("{}", fmt::join(shown, ", "));
  if (columns.size() > shown.size()) out += fmt::format(" and {} more", columns.size() - shown.size());
  return out;
}

// Those of the first log that has any.
std::string all_columns_text(const ReadSummary& input) {
  const auto& logs = input.logs;
  const auto found = std::ranges::find_if(logs, [](const LogSummary& log) { return !log.columns.empty(); });
  return found == logs.end() ? std::string() : columns_text(found->columns);
}

// What lines without a request are.
std::string_view why_no_request(const Report& report, const std::vector<std::string>& not_found) {
  if (report.requests == 0 && !not_found.empty()) {
    return "none has an address, a method, a path, or anything else to know one by";
  }
  const auto is_of_connections = [](const LogSummary& log) { return log.no_request == 0 || !has_columns(log.format); };
  if (std::ranges::all_of(report.input.logs, is_of_connections)) {
    return "they are about connections without one (TCP), and are left out";
  }
  return "messages of the program, which are left out";
}

// The field of --columns that a rule's part is read from.
std::string field_of(std::string_view part) {
  if (part.starts_with("cookie:")) return "header:Cookie";
  if (part.starts_with("jwt:")) return "header:Authorization";
  return std::string(part);
}

// What to do if no request has what a rule counts by.
std::string remedy(const Report& report, std::string_view part) {
  const std::vector<LogSummary>& logs = report.input.logs;
  const auto named = std::ranges::find_if(logs, [](const LogSummary& log) { return has_columns(log.format); });
  if (named != logs.end()) {
    const std::string columns =
        named->columns.empty() ? "" : fmt::format("there are the columns {}: ", columns_text(named->columns));
    return fmt::format("{}--columns {}=NAME says which holds it", columns, printable(field_of(part), kNameChars));
  }
  if (part == "ip") return "the log was written with host names in place of addresses";
  if (part == "user") return "nobody in the log is logged in";
  return "access logs do not record it, so they cannot show what this rule does";
}

std::string_view effect_text(const RuleReport& rule, const MissingReport& missing) {
  if (missing.effect == rules::Missing::kSkip) return "not counted";
  return rule.mode == "shadow" ? "would be refused" : "refused";
}

std::string missing_remark(const Report& report, const RuleReport& rule, const MissingReport& missing) {
  std::string out = fmt::format("{} {} the {} that {} counts by ({})", requests_text(missing.requests),
                                missing.requests == 1 ? "lacks" : "lack", printable(missing.part, kNameChars),
                                printable(rule.name, kNameChars), effect_text(rule, missing));
  if (missing.requests < rule.figures.requests + rule.figures.skipped_for_missing) return out;
  const bool nowhere = missing.requests == report.requests;
  out +=
      fmt::format("; {} has {}; ", nowhere ? "no line" : "none of them", missing.part == "ip" ? "an address" : "one");
  return out + remedy(report, missing.part);
}

std::string_view name_of(Unreachable what) {
  switch (what) {
    case Unreachable::kPath:
      return "path";
    case Unreachable::kHost:
      return "host";
    case Unreachable::kMethod:
      return "method";
    case Unreachable::kNone:
      break;
  }
  return {};
}

std::string unreachable_remark(const Report& report, const RuleReport& rule) {
  const std::string_view what = name_of(rule.unreachable);
  std::string out =
      fmt::format("{} applies to no request, because no line has a {}", printable(rule.name, kNameChars), what);
  const bool named =
      std::ranges::any_of(report.input.logs, [](const LogSummary& log) { return has_columns(log.format); });
  return named ? out + "; " + remedy(report, what) : out;
}

// That all requests come from a proxy, and how rules and logs tell who is behind it.
std::string proxy_remark(const Report& report, const ProxyReport& proxy) {
  using Kind = ProxyReport::Kind;
  const bool has_names =
      std::ranges::any_of(report.input.logs, [](const LogSummary& log) { return has_columns(log.format); });
  const std::string_view field = has_names ? "--columns header:X-Forwarded-For=NAME says which column holds it"
                                           : "--log-format with the field that holds it ($http_x_forwarded_for of "
                                             "nginx, %{X-Forwarded-For}i of Apache) reads it";
  if (proxy.kind == Kind::kTrusted) {
    return fmt::format(
        "all {} come from proxies that trusted_proxies names, such as {}, and their lines do not say on "
        "whose behalf: rules by ip count everybody together; if the log has X-Forwarded-For, {}",
        requests_text(report.requests), proxy.address, field);
  }
  return fmt::format(
      "all {} come from one address, {}, {}: rules by ip count everybody who comes through it together; "
      "write listen: {{trusted_proxies: [{}]}} in the rules, and if the log has X-Forwarded-For, {}",
      requests_text(report.requests), proxy.address,
      proxy.kind == Kind::kPrivate ? "which looks like a proxy's" : "which may be a proxy's", proxy.address, field);
}

// The rules that depend on when within its second a request came.
std::string short_rules(const ScenarioReport& scenario) {
  std::vector<std::string> names;
  for (const RuleReport& rule : scenario.rules) {
    if (rule.is_short && rule.figures.requests > 0) names.push_back(printable(rule.name, kNameChars));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// What an empty log may mean.
std::string empty_remark(const LogSummary& log) {
  if (log.file == "standard input") return "standard input was empty";
  const std::string file = printable(log.file, kFileChars);
  return fmt::format("{} is empty; after a rotation its lines are in {}.1 or {}.1.gz", file, file, file);
}

}  // namespace

std::vector<std::string> column_remarks(const ReadSummary& input) {
  std::vector<std::string> out;
  for (const std::string& name : input.not_found()) {
    const size_t equals = name.find('=');
    out.push_back(fmt::format("no line has {}, which --columns names for {}", column_text(name.substr(equals + 1)),
                              printable(name.substr(0, equals), kNameChars)));
  }
  if (const std::string columns = all_columns_text(input); !out.empty() && !columns.empty()) {
    out.back() += "; there are the columns " + columns;
  }
  return out;
}

std::vector<std::string> log_remarks(const ReadSummary& input) {
  std::vector<std::string> out;
  for (const LogSummary& log : input.logs) {
    if (!log.problem.empty()) {
      const bool begun = log.lines > log.malformed;
      out.push_back(fmt::format("{}: {}", begun ? "reading ended early" : "not read", log.problem));
    }
    if (log.lines == 0 && log.problem.empty()) out.push_back(empty_remark(log));
  }
  return out;
}

std::vector<std::string> input_remarks(const Report& report) {
  std::vector<std::string> out = log_remarks(report.input);
  const std::vector<std::string> not_found = report.input.not_found();
  if (const uint64_t lines = report.input.no_request(); lines > 0) {
    out.push_back(fmt::format("{} {} no request: {}", count_text(lines), lines == 1 ? "line names" : "lines name",
                              why_no_request(report, not_found)));
  }
  const std::vector<std::string> missing = column_remarks(report.input);
  out.insert(out.end(), missing.begin(), missing.end());
  if (report.without_address > 0) {
    out.push_back(fmt::format("{} from clients that are not addresses (host names); rules by ip find none",
                              requests_text(report.without_address)));
  }
  if (report.unreadable_requests > 0) {
    out.push_back(fmt::format("{} whose line records no readable HTTP request; only rules for any path apply",
                              requests_text(report.unreadable_requests)));
  }
  return out;
}

std::vector<std::string> scenario_remarks(const Report& report, const ScenarioReport& scenario) {
  std::vector<std::string> out;
  if (scenario.evicted > 0) {
    out.push_back(fmt::format("{} {} dropped for want of room: the figures are not exact", count_text(scenario.evicted),
                              scenario.evicted == 1 ? "counter was" : "counters were"));
  }
  if (const std::string names = short_rules(scenario); report.spread_requests > 0 && !names.empty()) {
    out.push_back(
        fmt::format("the log's times have whole seconds, and the {} that shared one were spread evenly over it; the "
                    "figures of {}, whose limits are shorter than {}, are therefore estimates",
                    requests_text(report.spread_requests), names, duration_text(kShortLimit)));
  }
  if (scenario.proxy) out.push_back(proxy_remark(report, *scenario.proxy));
  for (const RuleReport& rule : scenario.rules) {
    for (const MissingReport& missing : rule.missing) out.push_back(missing_remark(report, rule, missing));
    if (rule.unreachable != Unreachable::kNone) out.push_back(unreachable_remark(report, rule));
  }
  return out;
}

}  // namespace rateguard::simulate
