#include "server/admin/settings/admin_settings.h"

#include <algorithm>
#include <array>

namespace rateguard {

Result<void> check_public_url(std::string_view text) {
  if (text.empty()) return {};
  const size_t host = text.find("://") + 3;
  const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
  const bool has_host_alone = text.size() > host && text.find_first_of("/?#@ ", host) == std::string_view::npos;
  if (!has_scheme || !has_host_alone) {
    return invalid("expected http:// or https:// and a host, without a path, such as https://admin.example.com");
  }
  // A browser's Origin is written so (RFC 6454, section 6.2), and is compared with this.
  const bool is_folded = std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool has_usual_port = text.ends_with(text.starts_with("https") ? ":443" : ":80");
  if (is_folded && !has_usual_port) return {};
  return invalid("expected it as browsers write it: in lower case, without the scheme's own port");
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
