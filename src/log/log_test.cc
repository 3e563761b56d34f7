#include "log/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace rateguard {
namespace {

TEST(Log, NoValueStartsANewLine) {
  std::ostringstream out;
  Log log({.format = LogFormat::kText}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  log.write(LogLevel::kDebug, "not at this level");
  EXPECT_EQ(out.str(), "");
  log.write(LogLevel::kWarn, "two\nlines", {{"name", "a\nb"}, {"plain", "x.y"}, {"n", int64_t{5}}, {"f", true}});
  const std::string line = out.str();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find(R"(Z warn two lines name="a\nb" plain=x.y n=5 f=true)"), std::string::npos) << line;
}

TEST(Log, LevelsHaveTheNamesThatTheSettingHas) {
  for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
    std::ostringstream out;
    Log log({.format = format, .level = LogLevel::kDebug}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
    log.write(LogLevel::kDebug, "m");
    log.write(LogLevel::kInfo, "m");
    log.write(LogLevel::kWarn, "m");
    log.write(LogLevel::kError, "m");
    const bool json = format == LogFormat::kJson;
    for (const char* const name : {"debug", "info", "warn", "error"}) {
      const std::string wanted =
          json ? std::string("\"level\":\"") + name + "\",\"message\":\"m\"}" : std::string("Z ") + name + " m";
      EXPECT_NE(out.str().find(wanted), std::string::npos) << out.str();
    }
  }
}

}  // namespace
}  // namespace rateguard
