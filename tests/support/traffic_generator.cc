#include "support/traffic_generator.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string_view>

namespace rateguard::test {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): the same numbers on every machine, unlike the standard library's distributions.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return next() % n; }
  // Small numbers far more often than large ones: the cube of an even distribution.
  uint64_t skewed_below(uint64_t n) {
    const uint64_t u = below(1 << 16);
    return static_cast<uint64_t>((static_cast<unsigned __int128>(u * u * u) * n) >> 48);
  }

 private:
  uint64_t state_;
};

std::string client_text(uint64_t client) {
  const uint64_t mixed = Random(client + 1).next();
  if (client % 16 == 15)
    return fmt::format("2001:db8:{:x}:{:x}::{:x}", mixed & 0xFFFF, (mixed >> 16) & 0xFFFF, 1 + client);
  return fmt::format("{}.{}.{}.{}", 1 + mixed % 223, (mixed >> 8) & 255, (mixed >> 16) & 255, 1 + (mixed >> 24) % 254);
}

std::string path_text(uint64_t path) {
  constexpr std::array<std::string_view, 6> kFixed = {"/",           "/favicon.ico", "/robots.txt",
                                                      "/style2.css", "/reset.css",   "/feed?flav=rss20"};
  constexpr std::array<std::string_view, 5> kFolders = {"presentations", "blog/tags", "projects/xdotool", "images",
                                                        "articles"};
  if (path < kFixed.size()) return std::string(kFixed[path]);
  return fmt::format("/{}/{}-{}.html", kFolders[path % kFolders.size()], path / 7, path);
}

std::chrono::sys_seconds seconds_at(int64_t epoch_s) {
  return std::chrono::sys_seconds(std::chrono::seconds(epoch_s));
}

struct Calendar {
  explicit Calendar(int64_t epoch_s)
      : date(std::chrono::floor<std::chrono::days>(seconds_at(epoch_s))), second(epoch_s % 86'400) {}

  std::chrono::year_month_day date;
  int64_t second;
  int year() const { return static_cast<int>(date.year()); }
  unsigned month() const { return static_cast<unsigned>(date.month()); }
  unsigned day() const { return static_cast<unsigned>(date.day()); }
};

std::string access_time(int64_t epoch_s) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Calendar c(epoch_s);
  return fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", c.day(), kMonths[c.month() - 1], c.year(), c.second / 3600,
                     c.second / 60 % 60, c.second % 60);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string generate_access_log(const TrafficOptions& options) {
  constexpr int64_t kStart = 1'431'857'100;  // 2015-05-17T10:05:00Z
  constexpr std::array<std::string_view, 4> kMethods = {"GET", "GET", "HEAD", "POST"};
  Random random(options.seed);
  std::string out;
  int64_t hour = 0;
  uint64_t burst_client = 0;
  size_t burst_left = 0;
  for (size_t i = 0; i < options.requests; ++i) {
    if (random.below(120) == 0) hour += 3'600;
    if (burst_left == 0) {
      burst_client = random.skewed_below(options.clients);
      burst_left = 1 + random.skewed_below(60);
    }
    --burst_left;
    // Within a minute of the hour and in no order, as requests that end in another order than they began are logged.
    const int64_t time = kStart + hour + static_cast<int64_t>(random.below(60));
    const std::string_view method = random.below(20) == 0 ? kMethods[random.below(kMethods.size())] : "GET";
    out +=
        fmt::format("{} - - [{}] \"{} {} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 (generated; {})\"\n",
                    client_text(burst_client), access_time(time), method, path_text(random.skewed_below(options.paths)),
                    random.below(30) ? 200 : 404, random.below(200'000), burst_client % 40);
  }
  return out;
}

std::string generate_llm_trace(const TrafficOptions& options) {
  constexpr int64_t kStartUs = 1'700'158'623'000'000;  // 2023-11-16T18:17:03Z
  Random random(options.seed);
  std::string out = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n";
  int64_t time_us = kStartUs;
  for (size_t i = 0; i < options.requests; ++i) {
    time_us += static_cast<int64_t>(random.below(400) == 0 ? random.below(60'000'000) : random.skewed_below(900'000));
    const Calendar c(time_us / 1'000'000);
    out += fmt::format("{}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}0,{},{}\r\n", c.year(), c.month(), c.day(),
                       c.second / 3600, c.second / 60 % 60, c.second % 60, time_us % 1'000'000,
                       3 + random.skewed_below(7'434), 6 + random.skewed_below(1'000));
  }
  return out;
}

Trace find_trace(const std::string& file_name) {
  const char* set = std::getenv("RATEGUARD_TEST_DATA");
  const std::string folder = set != nullptr ? set : RATEGUARD_SOURCE_DIR "/../shared/data";
  Trace trace{.origin = folder + "/" + file_name, .bytes = {}};
  trace.bytes = read_file(trace.origin);
  if (trace.bytes.empty()) {
    const TrafficOptions options;
    trace.origin = fmt::format("generated traffic (seed {}), since {} is missing", options.seed, trace.origin);
    trace.bytes = file_name.ends_with(".csv") ? generate_llm_trace(options) : generate_access_log(options);
  }
  std::printf("%s: %s\n", file_name.c_str(), trace.origin.c_str());
  return trace;
}

}  // namespace rateguard::test
