#include "app/catalog/limit_command.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/catalog/people_text.h"
#include "app/catalog/record_directory.h"
#include "app/catalog/record_table.h"
#include "model/percent.h"
#include "server/admin/timestamp.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// Whose limits a command is about.
struct LimitsOwner {
  const ResourceNoun* noun = nullptr;
  std::string name = {};
  std::string id = {};
};

Result<LimitsOwner> owner_of(RecordDirectory& directory, const GivenOptions& options) {
  constexpr std::pair<std::string_view, catalog::RecordKind> kOwners[] = {
      {"--workspace", catalog::RecordKind::kWorkspace},
      {"--plan", catalog::RecordKind::kPlan},
      {"--key", catalog::RecordKind::kApiKey}};
  LimitsOwner owner;
  for (const auto& [option, kind] : kOwners) {
    const auto given = options.find(option);
    if (given == options.end()) continue;
    if (owner.noun != nullptr) return invalid("whose limits? Name one of --workspace, --plan and --key");
    owner = {.noun = &noun_of(kind), .name = given->second.front()};
  }
  if (owner.noun == nullptr) return invalid("whose limits? Name one of --workspace, --plan and --key");
  auto id = directory.id_of(owner.noun->kind, owner.name);
  if (!id) return std::unexpected(id.error());
  owner.id = std::move(*id);
  return owner;
}

Result<CommandOutput> list_limits(CatalogService& service, const LimitsOwner& owner) {
  const auto reply = service.ask({.target = fmt::format("/v1/{}/{}/limits", owner.noun->collection, owner.id)});
  if (!reply) return std::unexpected(reply.error());
  CommandOutput out = {.json = reply->text};
  std::vector<std::vector<std::string>> rows = {{"RULE", "LIMIT"}};
  for (const json::value& limit : reply->data().as_array()) {
    rows.push_back({member_text(limit.as_object(), "rule"), member_text(limit.as_object(), "limit")});
  }
  if (rows.size() > 1) {
    out.text = aligned_rows(rows);
  } else {
    out.note = fmt::format("{} {} has no limits of its own", owner.noun->singular, owner.name);
  }
  return out;
}

std::string time_member(const json::object& object, std::string_view member, Instant now) {
  const auto at = admin::parse_timestamp(member_text(object, member));
  return at ? time_for_people(*at, now) : "-";
}

}  // namespace

Result<CommandOutput> run_limit_command(CatalogService& service, const CatalogWords& words) {
  const bool is_list = words.action == "list";
  const size_t wanted = is_list ? 0 : words.action == "set" ? 2 : 1;
  if (words.names.size() < wanted) {
    return invalid(words.names.empty() ? "RULE is missing: the rule whose limit it is"
                                       : "LIMIT is missing, such as 600/m");
  }
  if (words.names.size() > wanted) return invalid(fmt::format("'{}' is one argument too many", words.names[wanted]));
  RecordDirectory directory(service);
  const auto owner = owner_of(directory, words.options);
  if (!owner) return std::unexpected(owner.error());
  if (is_list) return list_limits(service, *owner);

  const std::string& rule = words.names[0];
  CatalogRequest request = {
      .method = words.action == "set" ? "PUT" : "DELETE",
      .target = fmt::format("/v1/{}/{}/limits/{}", owner->noun->collection, owner->id, percent_encode(rule))};
  if (words.action == "set") request.body = json::serialize(json::object{{"limit", words.names[1]}});
  const auto reply = service.ask(request);
  if (!reply) return std::unexpected(reply.error());
  const std::string done = words.action == "set" ? "is now " + words.names[1] : "is removed";
  return CommandOutput{
      .json = reply->text,
      .note = fmt::format("the limit of {} {} for {} {}", owner->noun->singular, owner->name, rule, done)};
}

std::string effective_limits_text(const json::value& data) {
  std::vector<std::vector<std::string>> rows = {{"RULE", "LIMIT", "FROM", "INSTEAD OF"}};
  for (const json::value& limit : data.at("limits").as_array()) {
    const json::object& counts = limit.at("in_force").as_object();
    std::string others;
    for (const json::value& other : limit.at("overridden").as_array()) {
      others += fmt::format("{}{} of the {}", others.empty() ? "" : ", ", member_text(other.as_object(), "limit"),
                            member_text(other.as_object(), "source"));
    }
    rows.push_back({member_text(limit.as_object(), "rule"), member_text(counts, "limit"),
                    "the " + member_text(counts, "source"), others.empty() ? "-" : others});
  }
  const std::string plan = member_text(data.as_object(), "plan");
  const std::string first = plan.empty() ? "plan: none\n" : fmt::format("plan: {}\n", plan);
  if (rows.size() == 1) return first + "no limits of its own, of its workspace or of its plan: the rules' count\n";
  return first + aligned_rows(rows);
}

std::string propagation_text(const json::value& data, Instant now) {
  const json::array& instances = data.at("instances").as_array();
  if (instances.empty()) return "no instance has reported in the last minute\n";
  std::vector<std::vector<std::string>> rows = {{"INSTANCE", "ADDRESS", "APPLIED", "SEEN"}};
  for (const json::value& each : instances) {
    const json::object& instance = each.as_object();
    const bool applied = instance.at("applied").as_bool();
    rows.push_back({member_text(instance, "instance_id"), member_text(instance, "address"),
                    applied ? time_member(instance, "applied_at", now) : "not yet",
                    time_member(instance, "seen_at", now)});
  }
  return aligned_rows(rows);
}

}  // namespace rateguard::app
