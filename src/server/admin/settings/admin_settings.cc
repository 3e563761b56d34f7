#include "server/admin/settings/admin_settings.h"

#include <algorithm>

namespace rateguard {

Result<void> check_public_url(std::string_view text) {
  if (text.empty()) return {};
  const size_t host = text.find("://") + 3;
  const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
  if (has_scheme && text.size() > host && text.find_first_of("/?#@ ", host) == std::string_view::npos) return {};
  return invalid("expected http:// or https:// and a host, without a path, such as https://admin.example.com");
}

Result<void> check_admin_token(std::string_view text) {
  constexpr size_t kBytesMin = 20;
  const bool is_visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (text.empty() || (is_visible && text.size() >= kBytesMin)) return {};
  return invalid("expected at least 20 visible characters of ASCII, such as those of: openssl rand -hex 32");
}

}  // namespace rateguard
