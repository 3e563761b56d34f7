// The settings of the admin API: docs/configuration.md, `admin`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/settings/endpoint.h"
#include "settings/setting_row.h"

namespace rateguard {

struct AdminSettings {
  net::OptionalEndpoint listen = net::Endpoint{.port = 8088};  // used if there is a catalog
  // As people reach it: "https://admin.example.com"; empty: where it listens.
  std::string public_url = {};
  // An owner's token, for machines; empty: none. It is the environment's or the file's.
  std::string token = {};
  std::string token_file = {};
};

// What stands in a browser's address line, without a path of its own, since cookies hold for the whole host; or
// nothing. Errors: kInvalid.
Result<void> check_public_url(std::string_view text);
// Long enough that nobody guesses it, or nothing. Errors: kInvalid; the message never shows the text, a secret.
Result<void> check_admin_token(std::string_view text);

std::span<const SettingRow<AdminSettings>> admin_setting_rows();

}  // namespace rateguard
