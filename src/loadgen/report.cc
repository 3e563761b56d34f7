#include "loadgen/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace rateguard::loadgen {
namespace {

namespace json = boost::json;

struct Quantile {
  const char* name;
  double q;
};
constexpr std::array<Quantile, 6> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}}};

double per_second(uint64_t count, int64_t ns) {
  return ns > 0 ? static_cast<double>(count) * 1e9 / static_cast<double>(ns) : 0;
}

std::string rate_text(double per_s) {
  return per_s < 100 ? fmt::format("{:.1f}/s", per_s) : count_text(static_cast<uint64_t>(std::llround(per_s))) + "/s";
}

std::string share_text(uint64_t part, uint64_t whole) {
  return whole == 0 ? "" : fmt::format("{:.2f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string keys_text(const KeySpec& keys) {
  switch (keys.kind) {
    case KeySpec::Kind::kUnique:
      return "unique keys";
    case KeySpec::Kind::kHot:
      return "one hot key";
    case KeySpec::Kind::kUniform:
      return fmt::format("uniform over {} keys", count_text(keys.keys));
    case KeySpec::Kind::kZipf:
      return fmt::format("Zipf {} over {} keys", keys.exponent, count_text(keys.keys));
  }
  return {};
}

std::string_view keys_kind(KeySpec::Kind kind) {
  constexpr std::string_view kNames[] = {"unique", "uniform", "zipf", "hot"};
  return kNames[static_cast<size_t>(kind)];
}

std::string seconds_text(int64_t ns) {
  return fmt::format("{:.1f} s", static_cast<double>(ns) / 1e9);
}

class Painter {
 public:
  explicit Painter(Style style) : on_(style == Style::kColoured) {}
  std::string bold(const std::string& text) const { return wrap("1", text); }
  std::string dim(const std::string& text) const { return wrap("2", text); }
  std::string red(const std::string& text) const { return wrap("31", text); }

 private:
  // ECMA-48, SGR.
  std::string wrap(std::string_view code, const std::string& text) const {
    return on_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
  }
  bool on_;
};

std::string row(const std::string& name, const std::string& value, const std::string& note) {
  std::string line = fmt::format("  {:<14}{:>14}", name, value);
  if (!note.empty()) line += fmt::format("  {:>12}", note);
  return line + "\n";
}

std::string latency_rows(const LatencyHistogram& latency, const Painter& paint) {
  std::vector<std::pair<std::string, std::string>> cells = {{"min", latency_text(latency.min())},
                                                            {"mean", latency_text(std::llround(latency.mean()))}};
  for (const Quantile& quantile : kQuantiles) {
    cells.emplace_back(quantile.name, latency_text(latency.quantile(quantile.q)));
  }
  cells.emplace_back("max", latency_text(latency.max()));
  std::string names = "  ";
  std::string values = "  ";
  for (const auto& [name, value] : cells) {
    names += fmt::format("{:>10}", name);
    values += fmt::format("{:>10}", value);
  }
  return paint.dim(names) + "\n" + values + "\n";
}

// Boost writes 1234.5 as "1.2345E3", which is right and which nobody can read at a glance.
std::string with_plain_numbers(std::string_view json) {
  std::string out;
  bool in_text = false;
  for (size_t at = 0; at < json.size();) {
    const char c = json[at];
    const bool is_number = !in_text && (c == '-' || (c >= '0' && c <= '9'));
    const size_t end = is_number ? std::min(json.find_first_not_of("0123456789+-.eE", at), json.size()) : at + 1;
    double value = 0;
    if (is_number && json.substr(at, end - at).contains('E')) {
      std::from_chars(json.data() + at, json.data() + end, value);
      out += fmt::format("{:.6f}", value);
      out.erase(std::max(out.find_last_not_of('0') + 1, out.find_last_of('.') + 2));
    } else {
      out += json.substr(at, end - at);
    }
    if (c == '"') in_text = !in_text;
    at = end;
    if (in_text && c == '\\' && at < json.size()) out += json[at++];
  }
  return out;
}

json::object latency_json(const LatencyHistogram& latency) {
  json::object out;
  if (latency.count() == 0) return out;
  const auto us = [](double ns) { return ns / 1e3; };
  out["min"] = us(static_cast<double>(latency.min()));
  out["mean"] = us(latency.mean());
  for (const Quantile& quantile : kQuantiles) {
    out[quantile.name] = us(static_cast<double>(latency.quantile(quantile.q)));
  }
  out["max"] = us(static_cast<double>(latency.max()));
  return out;
}

}  // namespace

std::string count_text(uint64_t count) {
  std::string text = std::to_string(count);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string latency_text(int64_t ns) {
  constexpr std::pair<double, const char*> kUnits[] = {{1, "ns"}, {1e3, "µs"}, {1e6, "ms"}, {1e9, "s"}};
  for (const auto& [size, unit] : kUnits) {
    const double value = static_cast<double>(ns) / size;
    const bool last = size == 1e9;
    if (value >= 999.5 && !last) continue;
    if (size == 1) return fmt::format("{} ns", ns);
    return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, unit);
  }
  return {};
}

std::string plan_text(const Plan& plan) {
  const std::string mode =
      plan.rate ? fmt::format("open loop at {}", rate_text(*plan.rate)) : std::string("closed loop");
  std::string length;
  if (plan.questions) length = count_text(*plan.questions) + " requests";
  if (plan.duration) {
    length += fmt::format("{}{} s", length.empty() ? "" : " or ", static_cast<double>(plan.duration->us) / 1e6);
  }
  return fmt::format("{}  {} connection{} x {} deep, {}, {}, {}{}\n", plan.target.to_string(), plan.connections,
                     plan.connections == 1 ? "" : "s", plan.depth, mode, keys_text(plan.keys), length,
                     plan.refused > 0 ? fmt::format(", {:g} % to be refused", plan.refused * 100) : "");
}

std::string progress_text(const Plan& plan, const Progress& progress, int columns) {
  const LatencyHistogram lately = progress.total->latency.since(progress.earlier->latency);
  const uint64_t decided = progress.total->decided() - progress.earlier->decided();
  std::string text = fmt::format("{:>7}  {:>12}", seconds_text(progress.elapsed_ns),
                                 rate_text(per_second(decided, progress.elapsed_ns - progress.earlier_ns)));
  if (lately.count() > 0) {
    text += fmt::format("  p50 {}  p99 {}", latency_text(lately.quantile(0.5)), latency_text(lately.quantile(0.99)));
  }
  if (progress.total->refused > 0) {
    text += fmt::format("  refused {}", share_text(progress.total->refused, progress.total->decided()));
  }
  if (const uint64_t failed = progress.total->failed(); failed > 0) text += "  errors " + count_text(failed);
  double part = 0;
  if (plan.duration) {
    part = static_cast<double>(progress.elapsed_ns) / 1e3 / static_cast<double>(plan.duration->us);
  }
  if (plan.questions) {
    part = std::max(part, static_cast<double>(progress.total->asked) / static_cast<double>(*plan.questions));
  }
  text += fmt::format("  {:.0f} %", 100 * std::min(part, 1.0));
  // There are never more characters than bytes, so this is never too wide.
  if (text.size() > static_cast<size_t>(columns)) text.resize(static_cast<size_t>(std::max(columns, 0)));
  return text;
}

std::string table_text(const Plan& plan, const RunResult& outcome, Style style) {
  const Painter paint(style);
  const Tally& tally = outcome.tally;
  std::string out = "\n";
  if (outcome.interrupted) out += "  interrupted\n";
  out += row("decisions", count_text(tally.decided()), "in " + seconds_text(outcome.elapsed_ns));
  out += row("rate", paint.bold(fmt::format("{:>14}", rate_text(per_second(tally.decided(), outcome.elapsed_ns)))),
             plan.rate ? "of " + rate_text(*plan.rate) : "");
  out += row("admitted", count_text(tally.admitted), share_text(tally.admitted, tally.decided()));
  out += row("refused", count_text(tally.refused), share_text(tally.refused, tally.decided()));
  const uint64_t failed = tally.failed();
  out += row("errors", failed == 0 ? "0" : paint.red(fmt::format("{:>14}", count_text(failed))), "");
  for (const auto& [kind, count] : tally.errors) {
    const auto detail = tally.details.find(kind);
    out += row("", count_text(count), detail == tally.details.end() ? kind : kind + ": " + detail->second);
  }
  if (tally.latency.count() == 0) return out + "\n";
  out += fmt::format("\n  {}\n", plan.rate ? "latency, from the time each request was due" : "latency");
  out += latency_rows(tally.latency, paint);
  if (tally.lateness.count() > 0) {
    out += fmt::format("\n  sent after it was due: p50 {}, p99 {}, at most {}\n",
                       latency_text(tally.lateness.quantile(0.5)), latency_text(tally.lateness.quantile(0.99)),
                       latency_text(tally.lateness.max()));
  }
  return out + "\n";
}

std::string json_text(const Plan& plan, const RunResult& outcome) {
  const Tally& tally = outcome.tally;
  json::object errors;
  for (const auto& [kind, count] : tally.errors) errors[kind] = count;
  json::object details;
  for (const auto& [kind, detail] : tally.details) details[kind] = detail;
  json::object out;
  out["target"] = plan.target.to_string();
  out["mode"] = plan.rate ? "open" : "closed";
  out["rate"] = plan.rate ? json::value(*plan.rate) : json::value(nullptr);
  out["threads"] = plan.threads;
  out["connections"] = plan.connections;
  out["depth"] = plan.depth;
  out["keys"] = keys_kind(plan.keys.kind);
  out["cost"] = plan.cost;
  out["interrupted"] = outcome.interrupted;
  out["elapsed_s"] = static_cast<double>(outcome.elapsed_ns) / 1e9;
  out["asked"] = tally.asked;
  out["decisions"] = tally.decided();
  out["decisions_per_s"] = per_second(tally.decided(), outcome.elapsed_ns);
  out["admitted"] = tally.admitted;
  out["refused"] = tally.refused;
  out["errors"] = std::move(errors);
  out["error_details"] = std::move(details);
  out["latency_us"] = latency_json(tally.latency);
  out["lateness_us"] = latency_json(tally.lateness);
  return with_plain_numbers(json::serialize(out)) + "\n";
}

}  // namespace rateguard::loadgen
