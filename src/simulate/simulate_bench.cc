// How many lines of a log a second `simulate` reads, sorts and decides: combined logs on one core, other formats beside
// them, and two threads beside one. Prints a JSON row for each.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "simulate/log_reader.h"
#include "simulate/simulate.h"

namespace rateguard::simulate {
namespace {

constexpr int kLines = 2'000'000;
constexpr int kFormatLines = 500'000;  // of each format
constexpr double kLinesPerSecondMin = 2'000'000;
constexpr double kOfCombinedMin = 0.7;
constexpr int kRuns = 5;  // the best counts: others shared the core

constexpr std::string_view kRules = R"(
rules:
  - {name: login, match: {methods: [POST], path: /login}, per: ip, limit: 5/m, algorithm: sliding_window_log}
  - {name: pages, match: {path: "/blog/*"}, per: [ip, route], limit: 60/m}
  - {name: all, per: ip, limit: 100/m burst 50}
)";

// Requests as those to a public web server: 50,000 addresses, 5,000 paths, 400 a second, the seconds of neighbouring
// lines out of order.
struct Request {
  uint64_t client = 0;
  std::string_view method = "GET";
  std::string target = {};
  int64_t second = 0;  // of the log
  uint64_t bytes = 0;
  std::string referer = {};
  std::string agent = {};

  std::string ip() const { return fmt::format("10.{}.{}.{}", client >> 16, (client >> 8) & 255, client & 255); }
  // "10:05:03"
  std::string clock() const {
    return fmt::format("{:02}:{:02}:{:02}", 10 + second / 3600, second / 60 % 60, second % 60);
  }
};

class Traffic {
 public:
  const Request& next() {
    // A tenth of all comes from 16 addresses, which the last rule refuses now and then.
    request_.client = random(10) == 0 ? random(16) : random(random(50'000) + 1);
    const uint64_t page = random(random(5'000) + 1);
    request_.second = std::max<int64_t>(0, count_++ / 400 - static_cast<int64_t>(random(3)));
    const bool login = random(100) == 0;
    request_.method = login ? "POST" : "GET";
    request_.target = login ? "/login"
                            : fmt::format("/{}/article-about-something-{}.html?page={}", page % 2 ? "blog" : "images",
                                          page, page % 9);
    request_.bytes = random(100'000);
    request_.referer = fmt::format("http://www.example.com/blog/index-{}.html", page % 100);
    request_.agent = fmt::format(
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.{}.77 Safari/537.36",
        request_.client % 300);
    return request_;
  }

 private:
  uint64_t random(uint64_t below) {
    state_ =
        state_ * 6364136223846793005 + 1442695040888963407;  // Knuth's MMIX generator: quick, and the same everywhere
    return (state_ >> 33) % below;
  }

  uint64_t state_ = 1;
  int64_t count_ = 0;
  Request request_;
};

using Line = std::string (*)(const Request& request);

std::string combined(const Request& r) {
  return fmt::format("{} - - [17/May/2015:{} +0000] \"{} {} HTTP/1.1\" 200 {} \"{}\" \"{}\"\n", r.ip(), r.clock(),
                     r.method, r.target, r.bytes, r.referer, r.agent);
}

std::string vhost_combined(const Request& r) {
  return "www.example.com:443 " + combined(r);
}

std::string nginx_main(const Request& r) {
  std::string line = combined(r);
  line.pop_back();
  return line + " \"-\"\n";
}

std::string caddy(const Request& r) {
  return fmt::format(
      R"({{"level":"info","ts":"2015-05-17T{}Z","logger":"http.log.access","msg":"handled request","request":{{"remote_ip":"{}","remote_port":"41342","client_ip":"{}","proto":"HTTP/2.0","method":"{}","host":"www.example.com","uri":"{}","headers":{{"User-Agent":["{}"],"Referer":["{}"]}}}},"bytes_read":0,"duration":0.0042,"size":{},"status":200}})"
      "\n",
      r.clock(), r.ip(), r.ip(), r.method, r.target, r.agent, r.referer, r.bytes);
}

std::string json_lines(const Request& r) {
  return fmt::format(
      R"({{"time":"2015-05-17T{}Z","ip":"{}","method":"{}","path":"{}","status":200,"bytes":{},"referer":"{}","user_agent":"{}"}})"
      "\n",
      r.clock(), r.ip(), r.method, r.target, r.bytes, r.referer, r.agent);
}

std::string alb(const Request& r) {
  return fmt::format(
      "https 2015-05-17T{}.186641Z app/lb/50dc6c495c0c9188 {}:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 {} "
      "\"{} https://www.example.com:443{} HTTP/1.1\" \"{}\" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 "
      "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/tg/73e2d6bc24d8a067 "
      "\"Root=1-58337262-36d228ad5d99923122bbe354\" \"-\" \"-\" 0 2015-05-17T{}.186000Z \"forward\" \"-\" \"-\" "
      "\"10.0.0.1:80\" \"200\" \"-\" \"-\"\n",
      r.clock(), r.ip(), r.bytes, r.method, r.target, r.agent, r.clock());
}

std::string haproxy(const Request& r) {
  return fmt::format(
      "May 17 {} lb haproxy[14389]: {}:33317 [17/May/2015:{}.655] http-in static/srv1 10/0/30/69/109 200 {} - - ---- "
      "1/1/1/1/0 0/0 \"{} {} HTTP/1.1\"\n",
      r.clock(), r.ip(), r.clock(), r.bytes, r.method, r.target);
}

std::string envoy(const Request& r) {
  return fmt::format(
      "[2015-05-17T{}.310Z] \"{} {} HTTP/1.1\" 200 - 0 {} 5 4 \"{}\" \"{}\" \"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2\" "
      "\"www.example.com\" \"10.0.0.1:80\"\n",
      r.clock(), r.method, r.target, r.bytes, r.ip(), r.agent);
}

struct Format {
  std::string_view name;
  Line line;
};
constexpr Format kFormats[] = {
    {"vhost_combined", vhost_combined},
    {"nginx's main", nginx_main},
    {"JSON lines", json_lines},
    {"Caddy", caddy},
    {"ALB", alb},
    {"HAProxy", haproxy},
    {"Envoy", envoy},
};

void write_log(const std::string& path, Line line, int lines) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  RG_CHECK(file != nullptr);
  Traffic traffic;
  for (int i = 0; i < lines; ++i) {
    const std::string text = line(traffic.next());
    RG_CHECK(std::fwrite(text.data(), 1, text.size(), file) == text.size());
  }
  RG_CHECK(std::fclose(file) == 0);
}

double seconds_of(clockid_t clock) {
  timespec now = {};
  RG_CHECK(clock_gettime(clock, &now) == 0);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The quickest of several runs of each of two kinds of work, in turns, so that other users of the machine are in the
// way of both. In processor time, of which others take none away, or in that of a clock on the wall.
template <typename Work, typename Other>
std::pair<double, double> best_seconds(clockid_t clock, Work&& work, Other&& other) {
  const auto time = [clock](auto&& run) {
    const double begin = seconds_of(clock);
    run();
    return seconds_of(clock) - begin;
  };
  std::pair<double, double> best{1e9, 1e9};
  for (int i = 0; i < kRuns; ++i) {
    best.first = std::min(best.first, time(work));
    best.second = std::min(best.second, time(other));
  }
  return best;
}

void simulate_all(const std::string& rules, const std::string& log, uint64_t lines) {
  const auto report = run({.rules = rules, .logs = {log}}, {});
  RG_CHECK(report.has_value());
  RG_CHECK(report->requests == lines);
  RG_CHECK(report->rules.totals.refused > 0);
}

void read_all(const std::string& log, uint32_t jobs) {
  Recording recording;
  const std::string logs[] = {log};
  RG_CHECK(read_logs(logs, {.jobs = jobs}, {}, recording).has_value());
  RG_CHECK(recording.size() == kLines);
}

void print_row(std::string_view name, double ours, double limit, std::string_view must) {
  fmt::print(R"({{"name":"{}","unit":"lines/s","ours":{:.0f},"limit":{:.0f},"ratio":{:.3f},"must":"{}"}})"
             "\n",
             name, ours, limit, ours / limit, must);
  std::fflush(stdout);
}

int bench() {
  // In memory where the machine has such a folder, so that no disk is measured.
  const std::filesystem::path base = std::filesystem::is_directory("/dev/shm") ? std::filesystem::path("/dev/shm")
                                                                               : std::filesystem::temp_directory_path();
  const std::filesystem::path folder = base / fmt::format("rateguard_simulate_bench_{}", getpid());
  std::filesystem::create_directories(folder);
  const std::string rules = folder / "rules.yaml";
  const std::string log = folder / "access.log";
  std::FILE* file = std::fopen(rules.c_str(), "w");
  RG_CHECK(file != nullptr);
  std::fwrite(kRules.data(), 1, kRules.size(), file);
  std::fclose(file);

  write_log(log, combined, kLines);
  const auto [best, unused] = best_seconds(CLOCK_PROCESS_CPUTIME_ID, [&] { simulate_all(rules, log, kLines); }, [] {});
  print_row("simulate combined log", kLines / best, kLinesPerSecondMin, ">= 1.0");
  const auto [two, one] = best_seconds(CLOCK_MONOTONIC, [&] { read_all(log, 2); }, [&] { read_all(log, 1); });
  const bool has_two_cores = std::thread::hardware_concurrency() > 1;
  print_row("read by 2 threads, beside 1", kLines / two, kLines / one, has_two_cores ? ">= 1.5" : "");

  write_log(log, combined, kFormatLines);
  const std::string other = folder / "other.log";
  for (const Format& format : kFormats) {
    write_log(other, format.line, kFormatLines);
    const auto [ours, combined_s] = best_seconds(
        CLOCK_PROCESS_CPUTIME_ID, [&] { simulate_all(rules, other, kFormatLines); },
        [&] { simulate_all(rules, log, kFormatLines); });
    print_row(fmt::format("simulate {}, beside combined", format.name), kFormatLines / ours, kFormatLines / combined_s,
              fmt::format(">= {}", kOfCombinedMin));
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace rateguard::simulate

int main() {
  return rateguard::simulate::bench();
}
