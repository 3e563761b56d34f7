// Records for tests: valid ones with every field set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "catalog/record_field.h"
#include "catalog/records.h"

namespace rateguard::catalog {

inline Sha256 sample_sha256(int number) {
  Sha256 hash = {};
  hash[0] = 0;  // no text would keep these two
  hash[1] = 0xff;
  for (size_t i = 0; i < sizeof number; ++i) hash[i + 2] = static_cast<uint8_t>(number >> (8 * i));
  return hash;
}

inline WorkspaceRecord sample_workspace(const std::string& name) {
  return {.name = name,
          .title = "Ünïcode & \"quotes\" \\ \n of " + name,
          .limits = {{"chat", "600/m"}, {"a \"b\"", "1/s"}},
          .metadata = {{"", ""}, {"ключ", "значение"}}};
}
inline PlanRecord sample_plan(const std::string& name) {
  return {.name = name, .title = "", .limits = {{"chat", "20/m"}}, .metadata = {}};
}
inline MemberRecord sample_member(const std::string& email) {
  return {.email = email,
          .name = "Ann",
          .role = MemberRole::kBilling,
          .state = RecordState::kSuspended,
          .password_hash = "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$" + email,
          .oidc_subject = "https://idp.example " + email};
}
inline ApiKeyRecord sample_key(const std::string& workspace_id, int number) {
  return {.workspace_id = workspace_id,
          .name = "key " + std::to_string(number),
          .prefix = "rg_live_",
          .last4 = "wxyz",
          .sha256 = sample_sha256(number),
          .scopes = {"llm:call", "llm:\nlist"},
          .allowed_routes = {"llm"},
          .allowed_models = {},
          .allowed_networks = {"10.0.0.0/8", "2001:db8::/32"},
          .tags = {{"team", "search"}},
          .metadata = {{"n", std::to_string(number)}},
          .limits = {{"tokens", "2000000/d"}},
          .expires_at = Instant::max()};
}
inline AdminTokenRecord sample_token(const std::string& name, int number) {
  return {.name = name, .role = MemberRole::kOwner, .last4 = "1234", .sha256 = sample_sha256(number)};
}
inline SessionRecord sample_session(const std::string& member_id, int number, Instant expires_at) {
  return {.member_id = member_id,
          .sha256 = sample_sha256(number),
          .csrf_sha256 = sample_sha256(-number),
          .address = "2001:db8::1",
          .agent = "test",
          .expires_at = expires_at,
          .seen_at = {}};
}
inline PriceRecord sample_price(const std::string& model, Instant starts_at) {
  return {.provider = "openai",
          .model = model,
          .starts_at = starts_at,
          .input_pico_dollars = 2'500'000,
          .output_pico_dollars = INT64_MAX,
          .cached_input_pico_dollars = 0,
          .cache_write_pico_dollars = std::nullopt,
          .reasoning_pico_dollars = INT64_MIN};
}

// Changes each field that a test may change freely: those that neither refer to others nor tell records apart.
struct ChangeField {
  void operator()(RecordField field, std::string& text) const {
    if (field.name == "workspace_id" || field.name == "member_id" || field.name == "provider") return;
    text += field.name == "name" ? "-changed" : " changed";
  }
  void operator()(RecordField, int64_t& number) const { number ^= 5; }
  void operator()(RecordField, Instant& at) const { at.us += 1; }
  void operator()(RecordField, Sha256& hash) const { hash[31] ^= 1; }
  void operator()(RecordField, TextList& list) const { list.emplace_back("changed"); }
  void operator()(RecordField, TextMap& map) const { map["changed"] = "yes"; }
  void operator()(RecordField, std::optional<std::string>&) const {}
  void operator()(RecordField field, std::optional<Instant>& at) const {
    if (field.role != FieldRole::kTracked) at = Instant{17};
  }
  void operator()(RecordField, std::optional<int64_t>& number) const { number = number.value_or(3) + 1; }
  template <IsChoice E>
  void operator()(RecordField, E& choice) const {
    const auto next = (static_cast<size_t>(choice) + 1) % ChoiceWords<E>::kWords.size();
    choice = static_cast<E>(next);
  }
};

template <typename R>
R with_other_fields(R record) {
  R::visit(record, ChangeField());
  return record;
}

}  // namespace rateguard::catalog
