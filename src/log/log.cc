#include "log/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "text/json_text.h"

namespace rateguard {
namespace {

// RFC 3339 with milliseconds, in UTC.
constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})";

// The names of the setting log.level; spdlog has others.
std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

void append_value(std::string& out, const LogField& field, LogFormat format) {
  if (const auto* number = std::get_if<int64_t>(&field.value)) return append_number(out, *number);
  if (const auto* flag = std::get_if<bool>(&field.value)) return append_bool(out, *flag);
  const auto text = std::get<std::string_view>(field.value);
  const bool plain = !text.empty() && text.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "-_.:/+@") == std::string_view::npos;
  if (format == LogFormat::kText && plain) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

std::string format_line(LogFormat format, LogLevel level, std::string_view message, std::span<const LogField> fields) {
  std::string line;
  if (format == LogFormat::kJson) {
    line += "\"level\":\"";
    line += name_of(level);
    line += "\",\"message\":";
    append_json_string(line, message);
    for (const LogField& field : fields) {
      line += ',';
      append_json_string(line, field.name);
      line += ':';
      append_value(line, field, format);
    }
  } else {
    line += name_of(level);
    line += ' ';
    // A message is our text, but may contain text of the operating system or a file: it must not start a new line.
    for (const char c : message) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    for (const LogField& field : fields) {
      line += ' ';
      line += field.name;
      line += '=';
      append_value(line, field, format);
    }
  }
  return line;
}

}  // namespace

Log::Log(const LogSettings& settings) : Log(settings, std::make_shared<spdlog::sinks::stderr_sink_mt>()) {}

Log::Log(const LogSettings& settings, std::shared_ptr<spdlog::sinks::sink> sink)
    : format_(settings.format),
      level_(settings.level),
      logger_(std::make_unique<spdlog::logger>("rateguard", std::move(sink))) {
  logger_->set_level(level_of(settings.level));
  logger_->set_pattern(format_ == LogFormat::kJson ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc);
  logger_->flush_on(spdlog::level::trace);
}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  if (!enabled(level)) return;
  const std::string line = format_line(format_, level, message, fields);
  logger_->log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace rateguard
