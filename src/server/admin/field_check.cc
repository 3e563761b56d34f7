#include "server/admin/field_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "catalog/record_field.h"
#include "config/limit_spec.h"
#include "config/problems.h"
#include "config/rule_reader.h"
#include "config/yaml_tree.h"
#include "model/ip_address.h"
#include "model/own_limit.h"
#include "rules/rule_check.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

using catalog::RecordKind;
using catalog::TextList;
using catalog::TextMap;
using Fault = std::optional<std::string>;

// Names go into paths, queries and files by hand.
constexpr size_t kNameBytesMax = 64;
// Titles, and names of people and keys.
constexpr size_t kTitleBytesMax = 200;
// Scopes, routes, models, networks of one key; limits, tags and metadata of one record.
constexpr size_t kEntriesMax = 200;
constexpr size_t kEntryBytesMax = 1'000;
// A budget's amount, and a price: what JSON and Lua keep exactly.
constexpr int64_t kExactMax = int64_t{1} << 53;

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

// Unique names that other records and people refer to.
bool has_plain_name(RecordKind kind) {
  return kind != RecordKind::kMember && kind != RecordKind::kApiKey && kind != RecordKind::kAdminToken &&
         kind != RecordKind::kRule;
}

Fault problem_of_plain_name(std::string_view name) {
  const auto is_inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.").contains(c);
  };
  const bool is_good = !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, is_inner) &&
                       !std::string_view("-_.").contains(name.front());
  if (is_good) return std::nullopt;
  return fmt::format("expected 1 to {} letters, digits, '-', '_' or '.', beginning with a letter or a digit; found {}",
                     kNameBytesMax, quote(name));
}

Fault problem_of_title(std::string_view title) {
  if (title.size() > kTitleBytesMax) return fmt::format("has {} bytes; at most {}", title.size(), kTitleBytesMax);
  if (!is_printable(title)) return "has a control character";
  return std::nullopt;
}

Fault problem_of_name(RecordKind kind, std::string_view name) {
  if (has_plain_name(kind)) return problem_of_plain_name(name);
  if (kind == RecordKind::kRule) return problem_of_limit_name(name);
  return problem_of_title(name);
}

Fault problem_of_rule(const config::YamlNode& rule) {
  const config::YamlNode list{.kind = config::YamlNode::Kind::kSequence, .children = {&rule}};
  config::Problems problems("definition");
  // Which stores there are is known to each instance alone.
  config::read_rules(list, {.has_store = [](std::string_view) { return true; }}, problems);
  if (problems.empty()) return std::nullopt;
  return problems.to_error().to_string();
}

// One entry of a section of a configuration file, under the record's own name.
Fault problem_of_definition(RecordKind kind, std::string_view name, std::string_view definition) {
  const auto document = config::parse_yaml(definition, "definition");
  if (!document) return document.error().to_string();
  const config::YamlNode& root = document->root();
  if (!root.is_map()) return fmt::format("expected a map, found {}", root.describe());
  const config::YamlNode* const own = root.find("name");
  if (own == nullptr || !own->is_scalar() || own->text != name) {
    return fmt::format("its 'name' must be {}, the name beside the definition; found {}", quote(name),
                       own == nullptr ? "none" : own->describe());
  }
  return kind == RecordKind::kRule ? problem_of_rule(root) : std::nullopt;
}

Fault problem_of_target(const catalog::AlertChannelRecord& channel) {
  if (channel.channel == catalog::ChannelKind::kEmail) return problem_of_email(channel.target);
  const std::string_view target = channel.target;
  const bool is_url = target.starts_with("https://") || target.starts_with("http://");
  if (is_url && target.size() > 10 && is_printable(target) && !target.contains(' ')) return std::nullopt;
  return fmt::format("expected a URL that begins with https:// or http://, found {}", quote(target));
}

Fault problem_of_time_zone(std::string_view name) {
  config::LimitSpec spec;
  const auto good = spec.set(config::LimitKey::kTimeZone, name);
  return good ? std::nullopt : Fault(good.error().message);
}

Fault problem_of_network(std::string_view network) {
  const auto prefix = IpPrefix::parse(network);
  return prefix ? std::nullopt : Fault(prefix.error().message);
}

class FieldChecker {
 public:
  FieldChecker(const catalog::AnyRecord& record, std::span<const std::string> fields)
      : record_(record), kind_(kind_of(record)), fields_(fields) {}

  template <typename T>
  void check(const catalog::RecordField& field, const T& value) {
    // A definition has the record's name in it, and what a target may be depends on the channel.
    const bool depends =
        (field.name == "definition" && is_given("name")) || (field.name == "target" && is_given("channel"));
    if (!depends && !is_given(field.name)) return;
    field_ = field.name;
    if constexpr (requires { value.has_value(); }) {
      if (value) look_at(*value);
    } else {
      look_at(value);
    }
  }

  std::vector<http_api::FieldError> take() { return std::move(errors_); }

 private:
  bool is_given(std::string_view name) const { return std::ranges::find(fields_, name) != fields_.end(); }
  void add(Fault fault) {
    if (fault && errors_.size() < http_api::kFieldErrorsMax) {
      errors_.push_back({.field = std::string(field_), .detail = *std::move(fault)});
    }
  }

  void look_at(const std::string& text) {
    if (field_ == "name") return add(problem_of_name(kind_, text));
    if (field_ == "title") return add(problem_of_title(text));
    if (field_ == "email") return add(problem_of_email(text));
    if (field_ == "time_zone") return add(problem_of_time_zone(text));
    if (field_ == "target") return add(problem_of_target(std::get<catalog::AlertChannelRecord>(record_)));
    if (field_ == "definition") return add(problem_of_definition(kind_, own_name(), text));
    if (field_ == "provider" || field_ == "model") {
      if (text.empty()) return add("is empty");
      return add(problem_of_title(text));
    }
    if (field_ == "credential_header" && (text.empty() || !is_printable(text)))
      add("expected the name of a header field");
  }

  void look_at(int64_t number) {
    const int64_t least = field_ == "amount" ? 1 : 0;
    if (number < least || number > kExactMax) add(fmt::format("expected {} to {}, found {}", least, kExactMax, number));
  }

  void look_at(const TextList& list) {
    if (list.size() > kEntriesMax) return add(fmt::format("has {} entries; at most {}", list.size(), kEntriesMax));
    for (const std::string& entry : list) {
      if (entry.empty() || entry.size() > kEntryBytesMax || !is_printable(entry)) {
        return add(
            fmt::format("{}: expected 1 to {} characters without control characters", quote(entry), kEntryBytesMax));
      }
      if (field_ != "allowed_networks") continue;
      if (auto fault = problem_of_network(entry)) return add(quote(entry) + ": " + *fault);
    }
  }

  void look_at(const TextMap& map) {
    if (map.size() > kEntriesMax) return add(fmt::format("has {} entries; at most {}", map.size(), kEntriesMax));
    for (const auto& [name, value] : map) {
      if (field_ != "limits") {
        if (name.empty() || name.size() > kTitleBytesMax || value.size() > kEntryBytesMax) {
          return add(fmt::format("{}: expected a name of 1 to {} bytes and a text of at most {}", quote(name),
                                 kTitleBytesMax, kEntryBytesMax));
        }
        continue;
      }
      if (auto fault = problem_of_limit_name(name)) return add(quote(name) + ": " + *fault);
      if (auto fault = problem_of_limit(value)) return add(quote(name) + ": " + *fault);
    }
  }

  void look_at(const auto&) {}

  std::string_view own_name() const {
    std::string_view name;
    catalog::visit_fields(record_, [&]<typename T>(const catalog::RecordField& field, const T& value) {
      if constexpr (std::is_same_v<T, std::string>) {
        if (field.name == "name") name = value;
      }
    });
    return name;
  }

  const catalog::AnyRecord& record_;
  const RecordKind kind_;
  const std::span<const std::string> fields_;
  std::string_view field_;
  std::vector<http_api::FieldError> errors_;
};

}  // namespace

std::vector<http_api::FieldError> check_record(const catalog::AnyRecord& record, std::span<const std::string> fields) {
  FieldChecker checker(record, fields);
  catalog::visit_fields(record,
                        [&](const catalog::RecordField& field, const auto& value) { checker.check(field, value); });
  return checker.take();
}

std::optional<std::string> problem_of_limit(std::string_view text) {
  const auto limit = OwnLimit::parse(text);
  return limit ? std::nullopt : Fault(limit.error().message);
}

std::optional<std::string> problem_of_limit_name(std::string_view name) {
  const auto good = rules::check_rule_name(name);
  return good ? std::nullopt : Fault(good.error().message);
}

std::optional<std::string> problem_of_email(std::string_view email) {
  // What SMTP carries (RFC 5321, section 4.5.3.1.3); whether it exists is shown by mail alone.
  constexpr size_t kEmailBytesMax = 254;
  const size_t at = email.find('@');
  const bool is_good = email.size() <= kEmailBytesMax && at != std::string_view::npos && at > 0 &&
                       at + 1 < email.size() && email.rfind('@') == at && is_printable(email) && !email.contains(' ');
  if (is_good) return std::nullopt;
  return fmt::format("expected an address such as ann@example.com, found {}", quote(email));
}

}  // namespace rateguard::admin
