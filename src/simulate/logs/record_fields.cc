#include "simulate/logs/record_fields.h"

#include "simulate/logs/log_time.h"

namespace rateguard::simulate {
namespace {

Parsed set_time(std::string_view text, LogEntry& entry) {
  const auto time = parse_timestamp(text);
  if (!time)
    return malformed("the time is neither like 2023-11-16T18:17:03.97Z nor a count of seconds or milliseconds");
  if (!in_range(*time)) return malformed("the time is before 1970 or after 2041");
  entry.time = *time;
  return {};
}

}  // namespace

Parsed set_field(FieldKind kind, std::string_view text, LogEntry& entry) {
  switch (kind) {
    case FieldKind::kTime:
      return set_time(text, entry);
    case FieldKind::kClient:
      entry.client = text;
      break;
    case FieldKind::kMethod:
      entry.method = text;
      break;
    case FieldKind::kPath: {
      const Target target = split_target(text);
      entry.path = target.path;
      if (entry.host.empty()) entry.host = target.host;
      break;
    }
    case FieldKind::kHost:
      if (!text.empty()) entry.host = text;
      break;
    case FieldKind::kUser:
      entry.user = text;
      break;
    case FieldKind::kApiKey:
      entry.api_key = text;
      break;
    case FieldKind::kWorkspace:
      entry.workspace = text;
      break;
    case FieldKind::kPlan:
      entry.plan = text;
      break;
    case FieldKind::kCost:
      break;  // a sum of several; add_cost makes it
  }
  return {};
}

}  // namespace rateguard::simulate
