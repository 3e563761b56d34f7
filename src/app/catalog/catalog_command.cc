#include "app/catalog/catalog_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "app/catalog/audit_command.h"
#include "app/catalog/limit_command.h"
#include "app/catalog/people_text.h"
#include "app/catalog/record_table.h"
#include "base/check.h"
#include "config/problems.h"
#include "model/percent.h"
#include "model/quantity.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

// One call of a command about records.
class RecordCommand {
 public:
  RecordCommand(CatalogService& service, const ResourceNoun& noun, const CatalogWords& words)
      : service_(service), noun_(noun), words_(words), directory_(service) {}

  // REQUIRES: the noun has the action (catalog_actions).
  Result<CommandOutput> run() {
    struct Action {
      std::string_view name;
      size_t names_min;
      size_t names_max;
      Result<CommandOutput> (RecordCommand::*run)();
    };
    const size_t own_name = noun_.name_member.empty() ? 0 : 1;
    const size_t needed_name = noun_.name_is_unique || noun_.kind == catalog::RecordKind::kMember ? own_name : 0;
    const Action actions[] = {
        {"list", 0, 0, &RecordCommand::list},
        {"show", 1, 1, &RecordCommand::show},
        {"create", needed_name, own_name, &RecordCommand::create},
        {"import", 0, own_name, &RecordCommand::import},
        {"set", 1, 1, &RecordCommand::set},
        {"remove", 1, 1, &RecordCommand::remove},
        {"rotate", 1, 1, &RecordCommand::rotate},
        {"revoke", 1, 1, &RecordCommand::revoke},
        {"effective-rules", 1, 1, &RecordCommand::effective_rules},
        {"propagation", 1, 1, &RecordCommand::propagation},
    };
    const auto* const action = std::ranges::find(actions, words_.action, &Action::name);
    RG_CHECK(action != std::end(actions));
    if (words_.names.size() < action->names_min) {
      return invalid(fmt::format("{} is missing: which {}?", noun_.name_type, noun_.singular));
    }
    if (words_.names.size() > action->names_max) {
      return invalid(fmt::format("'{}' is one argument too many", words_.names[action->names_max]));
    }
    if (auto good = check_options(); !good) return std::unexpected(good.error());
    return (this->*action->run)();
  }

 private:
  std::string collection() const { return fmt::format("/v1/{}", noun_.collection); }

  CommandOutput about(const CatalogReply& reply, std::string_view done) {
    const json::object& record = reply.data().as_object();
    CommandOutput out = {.text = {}, .json = reply.text, .secret = member_text(record, "secret")};
    const std::string name = line_for_people(display_name(noun_, record));  // of which keys need none
    out.note =
        fmt::format("{}{}{} {} ({})", noun_.singular, name.empty() ? "" : " ", name, done, member_text(record, "id"));
    return out;
  }

  // An option that the action would pass over in silence is refused.
  Result<void> check_options() const {
    if (words_.list_max && words_.action != "list") {
      return invalid(fmt::format("--max does not go with {}; leave it out", words_.action));
    }
    for (const auto& [option, values] : words_.options) {
      const auto field = std::ranges::find(noun_.fields, option, &FieldOption::option);
      const bool is_field = field != noun_.fields.end();
      const bool is_used = option == "--grace" ? words_.action == "rotate"
                           : words_.action == "list" || words_.action == "create" || words_.action == "import"
                               ? is_field
                               : words_.action == "set" && is_field && !field->only_at_creation;
      if (!is_used) return invalid(fmt::format("{} does not go with {}; leave it out", option, words_.action));
    }
    return {};
  }

  // Options of lists narrow them; those that the API has no parameter for are refused by it.
  Result<CommandOutput> list() {
    const int list_max = words_.list_max.value_or(kListMaxDefault);
    std::string target = fmt::format("{}?limit={}", collection(), list_max);
    const auto filters = body_of(noun_, words_.options, directory_, service_.now());
    if (!filters) return std::unexpected(filters.error());
    for (const auto& [member, value] : *filters) {
      if (!value.is_string()) {
        return invalid(fmt::format("a list is not narrowed by {}", option_for(member)));
      }
      target += fmt::format("&{}={}", std::string_view(member), percent_encode(value.as_string()));
    }
    const auto reply = service_.ask({.target = target});
    if (!reply) return std::unexpected(reply.error());
    CommandOutput out = {.text = records_table(noun_, reply->data().as_array(), directory_, service_.now()),
                         .json = reply->text};
    if (reply->data().as_array().empty()) {
      out.text.clear();
      out.note = fmt::format("there are no {}", noun_.noun);
    } else {
      out.note = note_of_cut_list(*reply, list_max);
    }
    return out;
  }

  // Of the options that set the member, the one that is given if any is.
  std::string_view option_for(std::string_view member) const {
    std::string_view first = member;
    for (const FieldOption& field : noun_.fields) {
      if (field.member != member) continue;
      if (words_.options.contains(field.option)) return field.option;
      if (first == member) first = field.option;
    }
    return first;
  }

  Result<CommandOutput> show() {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto reply = service_.ask({.target = fmt::format("{}/{}", collection(), percent_encode(*id))});
    if (!reply) return std::unexpected(reply.error());
    return CommandOutput{.text = record_lines(noun_, reply->data().as_object(), directory_, service_.now()),
                         .json = reply->text};
  }

  Result<std::string> own_id() { return directory_.id_of(noun_.kind, words_.names.front()); }

  Result<CommandOutput> create() { return make("made"); }

  Result<CommandOutput> import() {
    if (!words_.options.contains("--sha256")) {
      return invalid(
          "--sha256 is missing: the SHA-256 of the key that is imported, as `printf %s KEY | sha256sum` gives it");
    }
    return make("imported");
  }

  Result<CommandOutput> make(std::string_view done) {
    auto body = body_of(noun_, words_.options, directory_, service_.now());
    if (!body) return std::unexpected(body.error());
    if (!words_.names.empty()) {
      if (body->contains(noun_.name_member)) return invalid("the name is given twice");
      (*body)[noun_.name_member] = words_.names.front();
    }
    const auto reply = service_.ask({.method = "POST", .target = collection(), .body = json::serialize(*body)});
    if (!reply) return std::unexpected(in_options(reply.error()));
    return about(*reply, done);
  }

  Result<CommandOutput> set() {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto body = body_of(noun_, words_.options, directory_, service_.now());
    if (!body) return std::unexpected(body.error());
    if (body->empty()) return invalid("nothing to set; name an option, such as those that `create` has");
    const auto reply = service_.ask({.method = "PATCH",
                                     .target = fmt::format("{}/{}", collection(), percent_encode(*id)),
                                     .body = json::serialize(*body)});
    if (!reply) return std::unexpected(in_options(reply.error()));
    return about(*reply, "changed");
  }

  Result<CommandOutput> remove() {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto reply =
        service_.ask({.method = "DELETE", .target = fmt::format("{}/{}", collection(), percent_encode(*id))});
    if (!reply) return std::unexpected(reply.error());
    return CommandOutput{.json = reply->text,
                         .note = fmt::format("{} {} removed ({})", noun_.singular, words_.names.front(), *id)};
  }

  Result<CommandOutput> act(std::string_view action, const json::object& body, std::string_view done) {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto reply = service_.ask({.method = "POST",
                                     .target = fmt::format("{}/{}/{}", collection(), percent_encode(*id), action),
                                     .body = body.empty() ? std::string() : json::serialize(body)});
    if (!reply) return std::unexpected(reply.error());
    return about(*reply, done);
  }

  Result<CommandOutput> rotate() {
    json::object body;
    if (const auto given = words_.options.find("--grace"); given != words_.options.end()) {
      const auto grace = parse_duration(given->second.front());
      if (!grace) return invalid("--grace: " + grace.error().message);
      if (grace->us % 1'000'000 != 0) return invalid("--grace: expected whole seconds");
      body["grace_seconds"] = grace->us / 1'000'000;
    }
    return act("rotate", body, "replaces the one before");
  }

  Result<CommandOutput> revoke() { return act("revoke", {}, "revoked"); }

  Result<CommandOutput> effective_rules() {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto reply =
        service_.ask({.target = fmt::format("{}/{}/effective-rules", collection(), percent_encode(*id))});
    if (!reply) return std::unexpected(reply.error());
    return CommandOutput{.text = effective_limits_text(reply->data()), .json = reply->text};
  }

  Result<CommandOutput> propagation() {
    const auto id = own_id();
    if (!id) return std::unexpected(id.error());
    const auto reply = service_.ask({.target = fmt::format("{}/{}/propagation", collection(), percent_encode(*id))});
    if (!reply) return std::unexpected(reply.error());
    return CommandOutput{.text = propagation_text(reply->data(), service_.now()), .json = reply->text};
  }

  // "workspace_id: is missing" in the words of the command line.
  Error in_options(Error error) const {
    std::string lines;
    std::string_view rest = error.message;
    while (true) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view line = rest.substr(0, end);
      const size_t colon = line.find(": ");
      const std::string_view member = line.substr(0, std::min(colon, line.size()));
      const bool is_name = member == noun_.name_member && !words_.names.empty();
      const bool is_field =
          !is_name && std::ranges::find(noun_.fields, member, &FieldOption::member) != noun_.fields.end();
      lines += is_field ? fmt::format("{}{}", option_for(member), line.substr(member.size())) : std::string(line);
      if (end == rest.size()) break;
      lines += '\n';
      rest.remove_prefix(end + 1);
    }
    error.message = std::move(lines);
    return error;
  }

  CatalogService& service_;
  const ResourceNoun& noun_;
  const CatalogWords& words_;
  RecordDirectory directory_;
};

}  // namespace

std::vector<std::string_view> catalog_actions(std::string_view noun) {
  if (noun == "limits") return {"list", "set", "remove"};
  if (noun == "audit") return {"list"};
  const ResourceNoun* const found = find_noun(noun);
  if (found == nullptr) return {};
  std::vector<std::string_view> actions = {"list", "show", "create", "set", "remove"};
  if (found->has_secret) actions.push_back("revoke");
  if (found->kind == catalog::RecordKind::kApiKey) {
    for (const std::string_view action : {"rotate", "import", "effective-rules", "propagation"}) {
      actions.push_back(action);
    }
  }
  return actions;
}

Result<CommandOutput> run_catalog_command(CatalogService& service, const CatalogWords& words) {
  const std::vector<std::string_view> actions = catalog_actions(words.noun);
  if (std::ranges::find(actions, words.action) == actions.end()) {
    const std::string_view guess = config::nearest(words.action, actions);
    return invalid(fmt::format("there is no action '{}'; {}", words.action,
                               guess.empty() ? fmt::format("expected {}", fmt::join(actions, ", "))
                                             : fmt::format("did you mean '{}'?", guess)));
  }
  if (words.noun == "limits") return run_limit_command(service, words);
  if (words.noun == "audit") return show_audit_log(service, words);
  return RecordCommand(service, *find_noun(words.noun), words).run();
}

}  // namespace rateguard::app
