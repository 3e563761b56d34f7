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
  EXPECT_NE(line.find(R"(warning two lines name="a\nb" plain=x.y n=5 f=true)"), std::string::npos) << line;
}

}  // namespace
}  // namespace rateguard::server
