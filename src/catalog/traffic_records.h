// What is done with calls: rules, upstreams and routes made over the API, prices, budgets, alerts. Definitions are
// texts as a configuration file has them, of one entry each: whoever takes them from outside checks them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/record_choices.h"
#include "catalog/record_field.h"
#include "catalog/record_head.h"
#include "catalog/record_kind.h"
#include "model/instant.h"

namespace rateguard::catalog {

// One entry of `rules`. Its `name` is unique in the catalog.
struct RuleRecord {
  static constexpr RecordKind kKind = RecordKind::kRule;

  RecordHead head = {};
  std::string name = {};
  std::string definition = {};  // YAML or JSON
  RecordState state = RecordState::kActive;

  bool operator==(const RuleRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"definition"}, self.definition);
    field(RecordField{"state"}, self.state);
  }
};

// One entry of `upstreams`, without the credential's value.
struct UpstreamRecord {
  static constexpr RecordKind kKind = RecordKind::kUpstream;

  RecordHead head = {};
  std::string name = {};
  std::string definition = {};
  std::optional<std::string> credential_header = {};
  std::optional<std::string> credential_value = {};

  bool operator==(const UpstreamRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"definition"}, self.definition);
    field(RecordField{"credential_header"}, self.credential_header);
    field(RecordField{"credential_value", FieldRole::kSecret}, self.credential_value);
  }
};

// One entry of `routes`.
struct RouteRecord {
  static constexpr RecordKind kKind = RecordKind::kRoute;

  RecordHead head = {};
  std::string name = {};
  std::string definition = {};

  bool operator==(const RouteRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"definition"}, self.definition);
  }
};

// What a token of a model costs from a time on, in pico-dollars: $2.50 a million is 2,500,000. Unique by provider,
// model and `starts_at`.
struct PriceRecord {
  static constexpr RecordKind kKind = RecordKind::kPrice;

  RecordHead head = {};
  std::string provider = {};  // the kind of upstream, or an upstream's name
  std::string model = {};
  Instant starts_at = {};
  int64_t input_pico_dollars = 0;
  int64_t output_pico_dollars = 0;
  std::optional<int64_t> cached_input_pico_dollars = {};  // none: as input
  std::optional<int64_t> cache_write_pico_dollars = {};   // none: as input
  std::optional<int64_t> reasoning_pico_dollars = {};     // none: as output

  bool operator==(const PriceRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"provider"}, self.provider);
    field(RecordField{"model"}, self.model);
    field(RecordField{"starts_at"}, self.starts_at);
    field(RecordField{"input_pico_dollars"}, self.input_pico_dollars);
    field(RecordField{"output_pico_dollars"}, self.output_pico_dollars);
    field(RecordField{"cached_input_pico_dollars"}, self.cached_input_pico_dollars);
    field(RecordField{"cache_write_pico_dollars"}, self.cache_write_pico_dollars);
    field(RecordField{"reasoning_pico_dollars"}, self.reasoning_pico_dollars);
  }
};

// How much may be spent in a period: by one key, by one workspace, or, with neither, by all. Its `name` is unique.
struct BudgetRecord {
  static constexpr RecordKind kKind = RecordKind::kBudget;

  RecordHead head = {};
  std::string name = {};
  std::optional<std::string> workspace_id = {};
  std::optional<std::string> key_id = {};
  BudgetUnit unit = BudgetUnit::kNanoDollars;
  int64_t amount = 0;  // at most 2^53
  BudgetPeriod period = BudgetPeriod::kMonth;
  std::string time_zone = "UTC";
  BudgetMode mode = BudgetMode::kHard;
  UnknownPrice unknown_price = UnknownPrice::kBlock;
  RecordState state = RecordState::kActive;

  bool operator==(const BudgetRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"workspace_id"}, self.workspace_id);
    field(RecordField{"key_id"}, self.key_id);
    field(RecordField{"unit"}, self.unit);
    field(RecordField{"amount"}, self.amount);
    field(RecordField{"period"}, self.period);
    field(RecordField{"time_zone"}, self.time_zone);
    field(RecordField{"mode"}, self.mode);
    field(RecordField{"unknown_price"}, self.unknown_price);
    field(RecordField{"state"}, self.state);
  }
};

// When somebody is told, and who. Its `name` is unique.
struct AlertRuleRecord {
  static constexpr RecordKind kKind = RecordKind::kAlertRule;

  RecordHead head = {};
  std::string name = {};
  std::optional<std::string> workspace_id = {};
  std::string definition = {};
  TextList channel_ids = {};
  RecordState state = RecordState::kActive;

  bool operator==(const AlertRuleRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"workspace_id"}, self.workspace_id);
    field(RecordField{"definition"}, self.definition);
    field(RecordField{"channel_ids"}, self.channel_ids);
    field(RecordField{"state"}, self.state);
  }
};

// Where alerts go. Its `name` is unique.
struct AlertChannelRecord {
  static constexpr RecordKind kKind = RecordKind::kAlertChannel;

  RecordHead head = {};
  std::string name = {};
  ChannelKind channel = ChannelKind::kWebhook;
  std::string target = {};                         // a URL, or an address
  std::optional<std::string> signing_secret = {};  // of webhooks

  bool operator==(const AlertChannelRecord&) const = default;
  template <typename Self, typename Visitor>
  static void visit(Self& self, Visitor&& field) {
    field(RecordField{"name"}, self.name);
    field(RecordField{"channel"}, self.channel);
    field(RecordField{"target"}, self.target);
    field(RecordField{"signing_secret", FieldRole::kSecret}, self.signing_secret);
  }
};

}  // namespace rateguard::catalog
