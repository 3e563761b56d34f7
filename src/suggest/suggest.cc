#include "suggest/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "simulate/report_remarks.h"
#include "simulate/scenario.h"
#include "simulate/simulate.h"
#include "suggest/second_places.h"
#include "suggest/time_order.h"
#include "text/printable.h"

namespace rateguard::suggest {
namespace {

using simulate::count_text;

// A pipe can be read only once, whatever its name. Reading reports a missing file.
bool can_be_read_twice(const std::string& log) {
  struct stat info = {};
  return log != "-" && (stat(log.c_str(), &info) != 0 || S_ISREG(info.st_mode));
}

// Callers who could be refused, by their hashes.
using Suspects = std::unordered_set<uint64_t>;

// A bucket of capacity N that refills N per window admits every caller with at most N / 2 in each clock-aligned window:
// two adjacent windows hold at most N. A rule with a path may match more than the route it was measured by
// ("/users/{id}" matches "/users/me" too), so there everything a caller did counts.
Suspects suspects_of(const TrafficProfile& profile, const std::vector<ProposedRule>& rules) {
  Suspects out;
  for (const ProposedRule& rule : rules) {
    const PeakTable& callers = rule.path.empty() ? *rule.callers : profile.addresses();
    callers.for_each([&](const SubjectPeaks& peaks) {
      const uint32_t peak = rule.window == WindowLength::kMinute ? peaks.minute_peak : peaks.hour_peak;
      if (uint64_t{peak} * 2 > rule.limit) out.insert(peaks.subject);
    });
  }
  return out;
}

bool is_suspect(const CallerHashes& callers, const Suspects& suspects) {
  return suspects.contains(callers.address) || suspects.contains(callers.user) || suspects.contains(callers.api_key);
}

// The most requests that they made; exact if no caller is counted by several of address, user and key. Reserving room
// for all of them takes less memory than growing, which holds two copies for a while.
size_t requests_of(const Suspects& suspects, const TrafficProfile& profile) {
  size_t requests = 0;
  for (const PeakTable* table : {&profile.addresses(), &profile.users(), &profile.api_keys()}) {
    table->for_each([&](const SubjectPeaks& peaks) {
      if (suspects.contains(peaks.subject)) requests += peaks.requests;
    });
  }
  return std::min<size_t>(requests, profile.requests());
}

std::string about(const Suggestion& suggestion, Headroom headroom) {
  std::vector<std::string> files;
  for (const simulate::LogSummary& log : suggestion.input.logs) {
    if (files.size() == 4) break;
    files.push_back(printable(log.file, 200));
  }
  const size_t more = suggestion.input.logs.size() - files.size();
  std::string out = fmt::format("Proposed by rateguard suggest from {}{}:\n{} {}", fmt::join(files, ", "),
                                more > 0 ? fmt::format(" and {} more", more) : "", count_text(suggestion.requests),
                                suggestion.requests == 1 ? "request" : "requests");
  if (suggestion.first) {
    out += fmt::format(", {} to {} UTC", simulate::instant_text(*suggestion.first),
                       simulate::instant_text(*suggestion.last));
  }
  return out + fmt::format(
                   ".\nA limit is {:g} times what 99.9 % of the callers did at most, rounded up.\n"
                   "Try it on more traffic with rateguard simulate, and in mode: shadow, before it is in force.",
                   headroom.factor);
}

// Whether the profile was measured in the order of time, as far as that matters.
enum class ReadingOrder : uint8_t { kByTime, kUnsorted };

// Measures again in the order of time. Leaves `profile` as it is if the logs have changed, or do not fit in memory.
ReadingOrder sort_profile(const SuggestionOptions& options, const simulate::ProgressCallback& progress,
                          std::unique_ptr<TrafficProfile>& profile) {
  auto sorted = measure_by_time(options.logs, options.read, progress);
  if (!sorted || (*sorted)->requests() != profile->requests()) return ReadingOrder::kUnsorted;
  profile = std::move(*sorted);
  return ReadingOrder::kByTime;
}

std::vector<std::string> remarks_of(const TrafficProfile& profile, ReadingOrder order, const Suggestion& suggestion) {
  std::vector<std::string> out = simulate::log_remarks(suggestion.input);
  std::ranges::move(simulate::column_remarks(suggestion.input), std::back_inserter(out));
  if (suggestion.requests == 0) {
    out.emplace_back("no request was read, so there is nothing to measure");
    return out;
  }
  if (suggestion.rules.empty()) {
    out.push_back(
        "no request names its caller, neither by address nor by user or API key; --columns ip=NAME says which "
        "column of a CSV or JSON log holds the address");
    return out;
  }
  const uint64_t without = profile.requests() - profile.with_address();
  if (without > 0) {
    out.push_back(fmt::format("{} of {} requests {} no address and {} not measured by it", count_text(without),
                              count_text(profile.requests()), without == 1 ? "has" : "have",
                              without == 1 ? "was" : "were"));
  }
  if (order == ReadingOrder::kUnsorted) {
    out.emplace_back(
        "requests come after later ones of the same caller, so that what was done in a minute is measured wrongly: "
        "name files, which are read again and sorted by time");
  }
  // One caller with most of the traffic is a proxy, or the log covers only one client.
  uint64_t most = 0;
  profile.addresses().for_each([&](const SubjectPeaks& peaks) { most = std::max<uint64_t>(most, peaks.requests); });
  if (most * 2 > profile.with_address() && profile.with_address() > 0) {
    out.push_back(
        fmt::format("one address made {} of {} requests: if it is a proxy, limits by address would limit all "
                    "who come through it together; log the client's address instead",
                    count_text(most), count_text(profile.with_address())));
  }
  const Duration span = *suggestion.last - *suggestion.first;
  if (span < Duration::seconds(86'400)) {
    out.push_back(
        fmt::format("the log covers {} only; traffic has its days and its weeks", simulate::duration_text(span)));
  }
  if (profile.addresses().one_in() > 1) {
    out.push_back(fmt::format("there are so many callers that one in {} was followed, and only those are simulated",
                              profile.addresses().one_in()));
  }
  return out;
}

// Reads the logs again for those who could be refused. They come when they would if everybody was simulated.
Result<void> simulate_proposal(const SuggestionOptions& options, const TrafficProfile& profile, SecondPlaces& places,
                               const simulate::ProgressCallback& progress, Suggestion& out) {
  const Suspects suspects = suspects_of(profile, out.rules);
  simulate::Recording recording;
  recording.reserve(requests_of(suspects, profile));
  simulate::ReadOptions read = options.read;
  read.each = [&](const simulate::LogEntry& entry) {
    const Instant time = places.are_known() ? places.time_of(entry.time) : entry.time;
    if (!is_suspect(CallerHashes::of(entry), suspects)) return;
    simulate::LogEntry placed = entry;
    placed.time = time;
    recording.add(placed);
  };
  read.end_of_log = [&] { recording.end_log(); };
  simulate::Recording unused;
  const auto again = simulate::read_logs(options.logs, read, progress, unused);
  if (!again) return std::unexpected(again.error());
  if (again->has_problems() && !out.input.has_problems()) {
    out.remarks.emplace_back("the logs changed while they were read, so the proposal was not simulated");
    return {};
  }
  auto scenario = simulate::Scenario::parse(out.yaml, "proposal");
  if (!scenario) return std::unexpected(scenario.error());
  simulate::Report report = simulate::simulate(recording, *scenario, nullptr, simulate::Detail::kRules, progress);
  out.refused = report.rules.totals.refused;
  out.verdicts = std::move(report.rules.rules);
  return {};
}

}  // namespace

Result<Suggestion> run(const SuggestionOptions& options, const simulate::ProgressCallback& progress) {
  if (options.logs.empty()) return invalid("no log was named; - is standard input");
  // Written so that NaN, for which every comparison is false, is outside as well.
  if (!(options.headroom.factor >= kHeadroomMin && options.headroom.factor <= kHeadroomMax)) {
    return invalid(fmt::format("headroom: expected a number from {} to {}", kHeadroomMin, kHeadroomMax));
  }
  auto profile = std::make_unique<TrafficProfile>();
  simulate::ReadOptions read = options.read;
  SecondPlaces places;
  LogSpans spans;
  read.each = [&](const simulate::LogEntry& entry) {
    profile->add(entry);
    places.count(entry.time);
    spans.add(entry.time);
  };
  read.end_of_log = [&] { spans.end_log(); };
  simulate::Recording unused;
  auto input = simulate::read_logs(options.logs, read, progress, unused);
  if (!input) return std::unexpected(input.error());
  const bool can_be_read_again = std::ranges::all_of(options.logs, can_be_read_twice);
  ReadingOrder order = ReadingOrder::kByTime;
  if (is_out_of_order(*profile, spans)) {
    order = can_be_read_again ? sort_profile(options, progress, profile) : ReadingOrder::kUnsorted;
  }

  Suggestion out{.input = std::move(*input),
                 .requests = profile->requests(),
                 .first = profile->first(),
                 .last = profile->last(),
                 .callers = profile->addresses().size() * profile->addresses().one_in(),
                 .rules = propose(*profile, options.headroom)};
  out.yaml = to_yaml(out.rules, about(out, options.headroom));
  out.remarks = remarks_of(*profile, order, out);
  if (!can_be_read_again) {
    out.remarks.emplace_back(
        "standard input and pipes cannot be read twice, so the proposal was not simulated; name a file for that");
  } else if (!out.rules.empty()) {
    if (auto done = simulate_proposal(options, *profile, places, progress, out); !done)
      return std::unexpected(done.error());
  }
  out.profile = std::move(profile);
  return out;
}

}  // namespace rateguard::suggest
