#include "app/catalog/record_directory.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/catalog/people_text.h"
#include "config/problems.h"
#include "model/percent.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

constexpr int kPageRecords = 1'000;  // the most that the API gives at once

json::object object_of(const json::value& value) {
  return value.is_object() ? value.as_object() : json::object();
}

}  // namespace

std::string display_name(const ResourceNoun& noun, const json::object& record) {
  if (!noun.name_member.empty()) return member_text(record, noun.name_member);
  return fmt::format("{}/{} since {}", member_text(record, "provider"), member_text(record, "model"),
                     member_text(record, "starts_at"));
}

Result<std::vector<json::object>> RecordDirectory::all(const ResourceNoun& noun) {
  std::vector<json::object> records;
  std::string cursor;
  do {
    std::string target = fmt::format("/v1/{}?limit={}", noun.collection, kPageRecords);
    if (!cursor.empty()) target += "&cursor=" + percent_encode(cursor);
    const auto page = service_.ask({.target = target});
    if (!page) return std::unexpected(page.error());
    for (const json::value& record : page->data().as_array()) records.push_back(object_of(record));
    cursor = member_text(object_of(page->json.at("pagination")), "next_cursor");
  } while (!cursor.empty());
  for (const json::object& record : records) remember(noun, record);
  return records;
}

Result<json::object> RecordDirectory::find(const ResourceNoun& noun, std::string_view text) {
  if (text.starts_with(catalog::id_prefix(noun.kind))) {
    const auto found = service_.ask({.target = fmt::format("/v1/{}/{}", noun.collection, percent_encode(text))});
    if (found) return object_of(found->data());
    if (found.error().code != ErrorCode::kNotFound) return std::unexpected(found.error());
  }
  return find_by_name(noun, text);
}

Result<json::object> RecordDirectory::find_by_name(const ResourceNoun& noun, std::string_view name) {
  if (noun.name_is_unique) {
    const auto found = service_.ask({.target = fmt::format("/v1/{}?name={}", noun.collection, percent_encode(name))});
    if (!found) return std::unexpected(found.error());
    const json::array& records = found->data().as_array();
    if (records.empty()) return std::unexpected(not_found(noun, name));
    return object_of(records.front());
  }
  const auto records = all(noun);
  if (!records) return std::unexpected(records.error());
  std::vector<const json::object*> same;
  for (const json::object& record : *records) {
    if (display_name(noun, record) == name) same.push_back(&record);
  }
  if (same.empty()) return std::unexpected(not_found(noun, name));
  if (same.size() == 1) return *same.front();
  return invalid(fmt::format("{} {} are called '{}'; name one by its id, such as {}", same.size(), noun.noun, name,
                             member_text(*same.front(), "id")));
}

Error RecordDirectory::not_found(const ResourceNoun& noun, std::string_view text) {
  std::string message = fmt::format("there is no {} '{}'", noun.singular, text);
  const auto records = all(noun);
  if (records) {
    std::vector<std::string> names;
    for (const json::object& record : *records) names.push_back(display_name(noun, record));
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string_view guess = config::nearest(text, known);
    message += guess.empty() ? fmt::format("; `rateguard {} list` shows those that there are", noun.noun)
                             : fmt::format("; did you mean '{}'?", line_for_people(guess));
  }
  return {.code = ErrorCode::kNotFound, .message = std::move(message)};
}

Result<std::string> RecordDirectory::id_of(catalog::RecordKind kind, std::string_view text) {
  auto record = find(noun_of(kind), text);
  if (!record) return std::unexpected(record.error());
  return member_text(*record, "id");
}

std::string RecordDirectory::name_of(catalog::RecordKind kind, const std::string& id) {
  const auto known = names_.find({kind, id});
  if (known != names_.end()) return known->second;
  const ResourceNoun& noun = noun_of(kind);
  const auto found = service_.ask({.target = fmt::format("/v1/{}/{}", noun.collection, percent_encode(id))});
  if (found) return remember(noun, object_of(found->data()));
  return names_[{kind, id}] = id;
}

const std::string& RecordDirectory::remember(const ResourceNoun& noun, const json::object& record) {
  std::string id = member_text(record, "id");
  const std::string name = display_name(noun, record);
  std::string& known = names_[{noun.kind, id}];
  return known = name.empty() ? id : name;
}

}  // namespace rateguard::app
