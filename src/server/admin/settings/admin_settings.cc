#include "server/admin/settings/admin_settings.h"

#include <algorithm>
#include <array>

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

namespace {

constexpr auto kAdminRows = std::to_array<SettingRow<AdminSettings>>({
    {.key = "admin.listen",
     .fallback = "127.0.0.1:8088",
     .bounds = "HOST:PORT or off; port 0 picks a free one",
     .meaning = "Where the admin API is answered, if there is a catalog.",
     .field = field_of<&AdminSettings::listen>},
    {.key = "admin.public_url",
     .fallback = "",
     .bounds = "http:// or https:// and a host",
     .meaning = "How people reach the admin API. With https:// cookies are sent over TLS alone.",
     .field = field_of<&AdminSettings::public_url>,
     .check = check_public_url},
    {.key = "admin.token",
     .fallback = "",
     .bounds = "at least 20 visible characters of ASCII",
     .meaning = "An owner's token for the admin API, for machines.",
     .field = field_of<&AdminSettings::token>,
     .check = check_admin_token},
    {.key = "admin.token_file",
     .fallback = "",
     .bounds = "a file",
     .meaning = "A file with that token, in place of `token`.",
     .field = field_of<&AdminSettings::token_file>},
});

}  // namespace

std::span<const SettingRow<AdminSettings>> admin_setting_rows() {
  return kAdminRows;
}

}  // namespace rateguard
