// Log lines with named fields, as text or as JSON, one line each, to standard error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "log/settings/log_settings.h"

namespace spdlog {
class logger;
namespace sinks {
class sink;
}
}  // namespace spdlog

namespace rateguard {

struct LogField {
  std::string_view name;
  std::variant<std::string_view, int64_t, bool> value;
};

// Thread-safe. Values are escaped, so that no request can forge a line. The caller keeps secrets out: tokens, API keys
// and header values are never fields.
class Log {
 public:
  explicit Log(const LogSettings& settings);
  // Writes into another sink, for tests.
  Log(const LogSettings& settings, std::shared_ptr<spdlog::sinks::sink> sink);
  ~Log();

  bool enabled(LogLevel level) const { return level >= level_; }
  void write(LogLevel level, std::string_view message, std::span<const LogField> fields);
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {}) {
    write(level, message, std::span<const LogField>(fields.begin(), fields.size()));
  }

 private:
  LogFormat format_;
  LogLevel level_;
  std::unique_ptr<spdlog::logger> logger_;
};

}  // namespace rateguard
