#include "simulate/parallel_reader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "simulate/compressed_testing.h"
#include "simulate/report_json.h"
#include "simulate/simulate.h"

namespace rateguard::simulate {
namespace {

constexpr uint32_t kLines = 3000;

// Lines of a kind of log, some of them out of order, blank, or of no such log.
template <typename Line>
std::string log_of(Line&& line) {
  std::string out;
  for (uint32_t i = 0; i < kLines; ++i) {
    if (i % 211 == 100) out += "\n";
    if (i % 97 == 50) out += fmt::format("no line of a log: {}\n", i);
    out += line(i, 1'700'000'000 + i / 20 - i % 3);
  }
  return out;
}

std::string combined_line(uint32_t i, int64_t time_s) {
  return fmt::format(
      "10.0.{}.{} - {} [14/Nov/2023:{:02}:{:02}:{:02} +0000] \"GET /a/{}?q={} HTTP/1.1\" 200 512 \"-\" \"agent\"\n",
      i % 7, i % 251, i % 5 == 0 ? "alice" : "-", time_s / 3600 % 24, time_s / 60 % 60, time_s % 60, i % 41, i);
}

std::string combined_log() {
  return log_of(combined_line);
}

std::string json_log() {
  return log_of([](uint32_t i, int64_t time_s) {
    return fmt::format(R"({{"time":{}.{:03},"ip":"10.1.{}.{}","method":"POST","path":"/b/{}","host":"h{}.example"}})"
                       "\n",
                       time_s, i % 1000, i % 3, i % 199, i % 13, i % 4);
  });
}

// Its directives come again in the middle, with other fields.
std::string w3c_log() {
  return log_of([](uint32_t i, int64_t time_s) {
    std::string out;
    if (i == 0) out = "#Fields: date time c-ip cs-method cs-uri-stem\n";
    if (i == 1500) out = "#Fields: date time cs-method cs-uri-stem c-ip\n";
    const std::string time =
        fmt::format("2023-11-14 {:02}:{:02}:{:02}", time_s / 3600 % 24, time_s / 60 % 60, time_s % 60);
    return out + (i < 1500 ? fmt::format("{} 10.2.0.{} GET /c/{}\n", time, i % 90, i % 8)
                           : fmt::format("{} GET /c/{} 10.2.0.{}\n", time, i % 8, i % 90));
  });
}

std::string csv_log() {
  std::string out = "time,ip,path\n";
  for (uint32_t i = 0; i < kLines; ++i)
    out += fmt::format("{},10.3.0.{},\"/d\n/{}\"\n", 1'700'000'000 + i, i % 50, i % 9);
  return out;
}

class ParallelReader : public testing::Test {
 protected:
  ParallelReader() {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / ("rateguard_" + std::to_string(getpid()) + "_" + info->name());
    std::filesystem::create_directories(folder_);
    write("rules.yaml", R"(
rules:
  - {name: pages, match: {path: "/a/*"}, per: [ip, route], limit: 2/m}
  - {name: users, per: user, limit: 20/m, missing: skip}
  - {name: all, per: ip, limit: 5/m}
)");
  }
  ~ParallelReader() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  // The whole report as JSON, or the error.
  std::string report(const std::vector<std::string>& logs, uint32_t jobs, uint64_t requests_max = 1'000'000) {
    SimulationOptions options{.rules = folder_ / "rules.yaml", .logs = logs};
    options.read.jobs = jobs;
    options.read.piece_bytes = 8000;
    options.read.requests_max = requests_max;
    const auto made = run(options, {});
    return made ? to_json(*made, JsonContent::kFiguresAndPlots) : made.error().to_string();
  }

  void expect_the_same(const std::vector<std::string>& logs) {
    const std::string alone = report(logs, 1);
    for (const uint32_t jobs : {2, 3, 4, 16}) EXPECT_EQ(report(logs, jobs), alone) << jobs << " jobs";
  }

  std::filesystem::path folder_;
};

TEST_F(ParallelReader, FindsInEveryFormatWhatOneThreadFinds) {
  const std::string combined = write("combined.log", combined_log());
  const std::string json = write("json.log", json_log());
  const std::string w3c = write("w3c.log", w3c_log());
  const std::string csv = write("csv.log", csv_log());
  for (const std::string& log : {combined, json, w3c, csv}) expect_the_same({log});
  const std::string all = report({combined, json, w3c, csv}, 4);
  EXPECT_NE(all.find(fmt::format("\"requests\":{}", 4 * kLines)), std::string::npos) << all.substr(0, 500);
  expect_the_same({combined, json, w3c, csv});
}

TEST_F(ParallelReader, ReadsCompressedLogsSideBySide) {
  expect_the_same({write("a.gz", gzip(combined_log())), write("b.zst", zstd(json_log())),
                   write("c.log", combined_log()), write("d.gz", gzip(json_log()))});
}

TEST_F(ParallelReader, NumbersTheLinesOfTheWholeLog) {
  std::string log;
  for (uint32_t i = 0; i < kLines; ++i) log += i == 2960 ? "no line of a log\n" : combined_line(i, 1'700'000'000);
  const std::string json = report({write("combined.log", log)}, 4);
  EXPECT_NE(json.find("\"line\":2961"), std::string::npos) << json.substr(0, 1500);
}

TEST_F(ParallelReader, SaysOfLogsThatCannotBeReadWhatOneThreadSays) {
  const std::string good = write("good.log", combined_log());
  const std::string cut = write("cut.gz", gzip(combined_log()).substr(0, 9000));
  std::string nonsense = "10.0.0.1 - - [14/Nov/2023:10:00:00 +0000] \"GET / HTTP/1.1\" 200 x\n";
  while (nonsense.size() < 100'000) nonsense += nonsense;
  const std::string bad = write("bad.log", nonsense);
  const std::string absent = folder_ / "absent.log";
  expect_the_same({good, cut, bad, absent, good});
  expect_the_same({bad, absent});
}

TEST_F(ParallelReader, TakesLongLinesAndHolesForWhatTheyAre) {
  std::string log = combined_log();
  log.insert(log.find('\n', log.size() / 2) + 1, std::string(2'000'000, 'x') + "\n");
  log.insert(log.find('\n', log.size() / 4) + 1, std::string(20'000, '\0'));
  expect_the_same({write("long.log", "\xEF\xBB\xBF" + log + "10.0.0.1 the last line has no line break")});
}

TEST_F(ParallelReader, RefusesMoreRequestsThanItMayHold) {
  const std::string log = write("combined.log", combined_log());
  EXPECT_EQ(report({log}, 4, kLines), report({log}, 1, kLines));
  EXPECT_NE(report({log}, 4, kLines - 1).find("holds more than 2999 requests"), std::string::npos);
}

TEST_F(ParallelReader, GivesRequestsOneByOneInTheirOrder) {
  const std::vector<std::string> logs = {write("a.log", combined_log()), write("b.gz", gzip(json_log())),
                                         write("c.log", json_log())};
  const auto told = [&](uint32_t jobs) {
    std::string out;
    ReadOptions options{.wanted_headers = {"x-tenant"}, .jobs = jobs, .piece_bytes = 8000};
    options.each = [&](const LogEntry& entry) {
      fmt::format_to(std::back_inserter(out), "{} {} {} {} {} {} {}\n", entry.time.us, entry.client, entry.method,
                     entry.path, entry.host, entry.user, entry.cost.units);
    };
    options.end_of_log = [&] { out += "end\n"; };
    Recording unused;
    EXPECT_TRUE(read_logs(logs, options, {}, unused));
    EXPECT_EQ(unused.size(), 0u);
    return out;
  };
  const std::string alone = told(1);
  EXPECT_EQ(std::ranges::count(alone, '\n'), 3 * kLines + 3);
  EXPECT_EQ(told(4), alone);
}

TEST_F(ParallelReader, TellsHowFarItHasCome) {
  const std::vector<std::string> logs = {write("a.log", combined_log()), write("b.log", combined_log())};
  ReadOptions options{.jobs = 2, .piece_bytes = 8000};
  uint64_t last = 0;
  uint64_t total = 0;
  const ProgressCallback progress = [&](const ProgressUpdate& update) {
    EXPECT_GE(update.done, last);
    last = update.done;
    total = update.total;
  };
  Recording recording;
  ASSERT_TRUE(read_logs(logs, options, progress, recording));
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, 2 * combined_log().size());
}

}  // namespace
}  // namespace rateguard::simulate
