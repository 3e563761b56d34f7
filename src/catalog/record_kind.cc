#include "catalog/record_kind.h"

#include <array>
#include <cstddef>

namespace rateguard::catalog {
namespace {

struct KindWords {
  std::string_view name;
  std::string_view prefix;
};

// In the order of RecordKind. Names and prefixes are stored: they never change.
constexpr std::array<KindWords, kRecordKinds> kWords = {{
    {"workspace", "ws_"},
    {"plan", "plan_"},
    {"member", "mem_"},
    {"api_key", "key_"},
    {"rule", "rule_"},
    {"upstream", "up_"},
    {"route", "rt_"},
    {"price", "price_"},
    {"budget", "bud_"},
    {"alert_rule", "alr_"},
    {"alert_channel", "chan_"},
    {"admin_token", "tok_"},
    {"session", "ses_"},
}};

}  // namespace

std::string_view to_string(RecordKind kind) {
  return kWords[static_cast<size_t>(kind)].name;
}

std::optional<RecordKind> parse_record_kind(std::string_view name) {
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (kWords[i].name == name) return static_cast<RecordKind>(i);
  }
  return std::nullopt;
}

std::string_view id_prefix(RecordKind kind) {
  return kWords[static_cast<size_t>(kind)].prefix;
}

std::optional<RecordKind> kind_of_id(std::string_view id) {
  for (size_t i = 0; i < kWords.size(); ++i) {
    if (id.starts_with(kWords[i].prefix)) return static_cast<RecordKind>(i);
  }
  return std::nullopt;
}

}  // namespace rateguard::catalog
