#include "redis/error_reply.h"

#include <fmt/format.h>

#include <algorithm>

namespace rateguard::redis {
namespace {

constexpr size_t kOther = kKnownErrors.size() - 1;

size_t place_of(std::string_view code) {
  const auto known = std::ranges::find(kKnownErrors, code, &KnownError::code);
  return known == kKnownErrors.end() ? kOther : static_cast<size_t>(known - kKnownErrors.begin());
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

}  // namespace

size_t known_error(std::string_view text) {
  const size_t place = place_of(first_word(text));
  if (kKnownErrors[place].code != "ERR") return place;
  // Redis 5 and 6: "ERR Error running script (call to f_...): @user_script:1: @user_script: 1: -READONLY You can't ..."
  if (text.starts_with("ERR Error running script")) {
    const size_t dash = text.rfind(": -");
    if (dash == std::string_view::npos) return place;
    const size_t inner = place_of(first_word(text.substr(dash + 3)));
    return inner == kOther ? place : inner;
  }
  // Redis 7, and Valkey.
  const bool lacks_permission =
      text.starts_with("ERR The user executing the script can't") || text.starts_with("ERR ACL failure in script");
  return lacks_permission ? place_of("NOPERM") : place;
}

std::string explain_error(std::string_view text) {
  const std::string_view meaning = kKnownErrors[known_error(text)].meaning;
  return meaning.empty() ? std::string(text) : fmt::format("{} ({})", text, meaning);
}

}  // namespace rateguard::redis
