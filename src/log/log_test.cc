#include "server/log.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace rateguard::server {
namespace {

TEST(Log, NoValueWritesALineOfItsOwn) {
  std::ostringstream out;
  Log log({.format = config::LogFormat::kText}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  log.write(config::LogLevel::kDebug, "not at this level");
  EXPECT_EQ(out.str(), "");
  log.write(config::LogLevel::kWarn, "two\nlines",
            {{"name", "a\nb"}, {"plain", "x.y"}, {"n", int64_t{5}}, {"f", true}});
  const std::string line = out.str();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_NE(line.find(R"(Z warn two lines name="a\nb" plain=x.y n=5 f=true)"), std::string::npos) << line;
}

TEST(Log, LevelsHaveTheNamesThatTheSettingHas) {
  for (const config::LogFormat format : {config::LogFormat::kText, config::LogFormat::kJson}) {
    std::ostringstream out;
    Log log({.format = format, .level = config::LogLevel::kDebug},
            std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
    log.write(config::LogLevel::kDebug, "m");
    log.write(config::LogLevel::kInfo, "m");
    log.write(config::LogLevel::kWarn, "m");
    log.write(config::LogLevel::kError, "m");
    const bool json = format == config::LogFormat::kJson;
    for (const char* const name : {"debug", "info", "warn", "error"}) {
      const std::string wanted =
          json ? std::string("\"level\":\"") + name + "\",\"message\":\"m\"}" : std::string("Z ") + name + " m";
      EXPECT_NE(out.str().find(wanted), std::string::npos) << out.str();
    }
  }
}

}  // namespace
}  // namespace rateguard::server
