#include "catalog/sql/text_of_applied.h"

#include <algorithm>
#include <charconv>

#include "text/append_all.h"

namespace rateguard::catalog {
namespace {

bool take_number(std::string_view& text, int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return error == std::errc();
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string text_of_applied(const std::vector<AppliedRevision>& applied) {
  const size_t kept = std::min(applied.size(), InstanceReport::kAppliedMax);
  std::string text;
  for (auto it = applied.end() - static_cast<std::ptrdiff_t>(kept); it != applied.end(); ++it) {
    append_all(text, text.empty() ? std::string_view() : " ", it->revision, "@", it->at.us);
  }
  return text;
}

bool parse_applied(std::string_view text, std::vector<AppliedRevision>& out) {
  out.clear();
  while (!text.empty()) {
    if (!out.empty() && !take(text, ' ')) return false;
    AppliedRevision& applied = out.emplace_back();
    if (!take_number(text, applied.revision) || !take(text, '@') || !take_number(text, applied.at.us)) return false;
  }
  return true;
}

}  // namespace rateguard::catalog
