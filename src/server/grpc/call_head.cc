#include "server/grpc/call_head.h"

#include <charconv>

#include "model/ascii.h"

namespace rateguard::grpc {
namespace {

// Whether a comma-separated list names it.
bool lists(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (trim(list.substr(0, comma)) == name) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool CallHead::is_grpc() const {
  constexpr std::string_view kType = "application/grpc";
  if (!content_type.starts_with(kType)) return false;
  const std::string_view rest = content_type.substr(kType.size());
  return rest.empty() || rest.front() == ';' || rest == "+proto" || rest.starts_with("+proto;");
}

CallHead read_head(const http::Request& request) {
  CallHead head{.is_post = request.method == "POST"};
  for (const auto& [name, value] : request.headers) {
    if (name == "content-type") {
      head.content_type = value;
    } else if (name == "grpc-encoding") {
      head.encoding = value == "identity" ? Encoding::kIdentity
                      : value == "gzip"   ? Encoding::kGzip
                                          : Encoding::kUnknown;
    } else if (name == "grpc-accept-encoding") {
      head.accepts_gzip = lists(value, "gzip");
    } else if (name == "grpc-timeout") {
      head.timeout = value;
    } else if (name == "authorization") {
      head.authorization_repeated = head.authorization.data() != nullptr;
      head.authorization = value;
    }
  }
  return head;
}

std::optional<Duration> parse_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return {};
  int64_t count = 0;
  const char* const end = text.data() + text.size() - 1;
  if (text.front() == '-' || std::from_chars(text.data(), end, count).ptr != end) return {};
  switch (text.back()) {
    case 'H':
      return Duration::seconds(count * 3'600);
    case 'M':
      return Duration::seconds(count * 60);
    case 'S':
      return Duration::seconds(count);
    case 'm':
      return Duration::millis(count);
    case 'u':
      return Duration::micros(count);
    case 'n':
      return Duration::micros(count / 1'000 + (count % 1'000 != 0));
    default:
      return {};
  }
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
  return trim(authorization.substr(kScheme.size()));
}

}  // namespace rateguard::grpc
