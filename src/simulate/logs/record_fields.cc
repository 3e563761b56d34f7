#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {

std::expected<Instant, std::string> checked_time(std::optional<Instant> time) {
  if (!time) {
    return std::unexpected("the time is neither like 2023-11-16T18:17:03.97Z nor a count of seconds or milliseconds");
  }
  if (!in_range(*time)) return std::unexpected("the time is before 1970 or after 2041");
  return *time;
}

void EntryFields::begin(LogEntry& entry) {
  entry = {};
  entry_ = &entry;
  request_ = {};
  headers_.clear();
}

Parsed EntryFields::set_time(std::string_view text) {
  const auto time = checked_time(time_.parse(text));
  if (!time) return malformed(time.error());
  entry_->time = *time;
  return {};
}

Parsed EntryFields::set(FieldKind kind, std::string_view text) {
  if (kind == FieldKind::kTime) return set_time(text);
  if (is_none(text)) return {};
  switch (kind) {
    case FieldKind::kClient: {
      const ClientList list = split_client_list(text);
      entry_->client = value_or_none(list.last);
      add_header("X-Forwarded-For", list.before);
      break;
    }
    case FieldKind::kMethod:
      entry_->method = text;
      break;
    case FieldKind::kPath: {
      const LoggedTarget target = split_target(text);
      entry_->path = target.path;
      if (entry_->host.empty()) entry_->host = target.host;
      break;
    }
    case FieldKind::kHost:
      entry_->host = text;
      break;
    case FieldKind::kUser:
      entry_->user = text;
      break;
    case FieldKind::kApiKey:
      entry_->api_key = text;
      break;
    case FieldKind::kWorkspace:
      entry_->workspace = text;
      break;
    case FieldKind::kPlan:
      entry_->plan = text;
      break;
    case FieldKind::kRequest:
      request_ = text;
      break;
    case FieldKind::kTime:
    case FieldKind::kCost:
      break;  // a sum of several; add_cost makes it
  }
  return {};
}

void EntryFields::add_header(std::string_view name, std::string_view value) {
  if (!is_none(value)) headers_.push_back({.name = name, .value = value});
}

void EntryFields::end() {
  if (!request_.empty() && (entry_->method.empty() || entry_->path.empty())) {
    LogEntry line;
    line.host = entry_->host;
    const bool good = read_request_line(request_, line);
    entry_->host = line.host;
    if (entry_->method.empty()) entry_->method = line.method;
    if (entry_->path.empty()) entry_->path = line.path;
    entry_->request_unreadable = !good && entry_->method.empty() && entry_->path.empty();
  }
  entry_->headers = headers_;
}

}  // namespace rateguard::simulate
