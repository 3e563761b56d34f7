// Carries out a plan: in one change of the catalog itself, or request by request at a server.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "app/catalog/declaration_plan.h"
#include "app/catalog/declared_fields.h"
#include "app/catalog/record_directory.h"
#include "catalog/catalog_store.h"
#include "catalog/record_id.h"
#include "model/percent.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;
using catalog::AnyRecord;

using RecordIds = std::map<std::pair<catalog::RecordKind, std::string>, std::string>;

// REQUIRES: it is known.
const std::string& id_of(const RecordIds& ids, const DeclaredField& field, const std::string& name) {
  return ids.at({field.refers_to->kind, name});
}

// With ids instead of names.
AnyRecord with_ids(AnyRecord record, const RecordIds& ids) {
  for (const DeclaredField& field : declared_fields(kind_of(record))) {
    const std::string name = field.refers_to == nullptr ? "" : reference_of(record, field.field);
    if (!name.empty()) set_reference(record, field.field, id_of(ids, field, name));
  }
  return record;
}

std::string name_of_step(const PlanStep& step) {
  return fmt::format("{} '{}'", step.noun->singular, step.identity);
}

// All changes in one.
class WholeChange {
 public:
  WholeChange(CatalogService& service, const DeclarationPlan& plan)
      : store_(*service.store()),
        plan_(plan),
        ids_(plan.ids),
        changes_{.actor = service.actor(), .now = service.now()} {}

  Result<void> make() {
    for (const PlanStep& step : plan_.steps) {
      if (auto added = add(step); !added) return added;
    }
    const auto outcome = store_.change(changes_);
    if (outcome) return {};
    const auto at = std::min(static_cast<size_t>(outcome.error().write), plan_.steps.size() - 1);
    return std::unexpected(error_of(plan_.steps[at], outcome.error()));
  }

 private:
  static ErrorCode code_of(catalog::CatalogFault fault) {
    using enum catalog::CatalogFault;
    return fault == kUnavailable || fault == kFull || fault == kReadOnly || fault == kUnknownOutcome ||
                   fault == kCorrupt
               ? ErrorCode::kUnavailable
               : ErrorCode::kInvalid;
  }

  static Error error_of(const PlanStep& step, const catalog::CatalogRefusal& refusal) {
    const bool is_stale =
        refusal.fault == catalog::CatalogFault::kConflict || refusal.fault == catalog::CatalogFault::kNotFound;
    const std::string why = is_stale ? "it has been changed since the plan was made; run this again" : refusal.message;
    return {.code = code_of(refusal.fault),
            .message = fmt::format("{}: {}; nothing was changed", name_of_step(step), why),
            .source = ErrorSource::kPeer};
  }

  Result<void> add(const PlanStep& step) {
    if (step.kind == StepKind::kRemove) {
      changes_.writes.push_back({.what = catalog::RemoveRecord{step.noun->kind, step.id, step.version}});
      return {};
    }
    if (step.kind == StepKind::kMake) {
      AnyRecord record = with_ids(step.record, ids_);
      head_of(record).id = catalog::new_record_id(step.noun->kind, changes_.now);
      ids_[{step.noun->kind, step.identity}] = head_of(record).id;
      changes_.writes.push_back({.what = catalog::CreateRecord{std::move(record)}});
      return {};
    }
    // What files do not declare stays.
    auto stored = store_.get_any(step.noun->kind, step.id);
    if (!stored) return std::unexpected(error_of(step, stored.error()));
    const AnyRecord record = with_ids(step.record, ids_);
    for (const FieldChange& change : step.changes) copy_field(record, *stored, change.field);
    changes_.writes.push_back({.what = catalog::UpdateRecord{std::move(*stored), step.version}});
    return {};
  }

  catalog::CatalogStore& store_;
  const DeclarationPlan& plan_;
  RecordIds ids_;
  catalog::ChangeSet changes_;
};

// The members of a body: those that differ from what is there, or from nothing.
std::string body_of_step(const PlanStep& step, const RecordIds& ids) {
  const AnyRecord record = with_ids(step.record, ids);
  json::object body;
  for (const FieldChange& change : step.changes) body[change.field] = field_value(record, change.field);
  return json::serialize(body);
}

Result<void> carry_out_step(CatalogService& service, const PlanStep& step, RecordIds& ids) {
  CatalogRequest request = {
      .method = "POST", .target = fmt::format("/v1/{}", step.noun->collection), .version = step.version};
  if (step.kind != StepKind::kMake) request.target += "/" + percent_encode(step.id);
  if (step.kind == StepKind::kChange) request.method = "PATCH";
  if (step.kind == StepKind::kRemove) request.method = "DELETE";
  if (step.kind != StepKind::kRemove) request.body = body_of_step(step, ids);
  const auto reply = service.ask(request);
  if (!reply) return std::unexpected(reply.error());
  if (step.kind == StepKind::kMake) {
    ids[{step.noun->kind, step.identity}] = member_text(reply->data().as_object(), "id");
  }
  return {};
}

}  // namespace

Result<void> carry_out(CatalogService& service, const DeclarationPlan& plan) {
  if (plan.steps.empty()) return {};
  if (service.store() != nullptr) return WholeChange(service, plan).make();
  RecordIds ids = plan.ids;
  size_t done = 0;
  for (const PlanStep& step : plan.steps) {
    if (const auto made = carry_out_step(service, step, ids); !made) {
      Error error = made.error();
      error.message = fmt::format("{}: {}; {} of {} changes were made before, and running this again makes the rest",
                                  name_of_step(step), error.message, done, plan.steps.size());
      return std::unexpected(std::move(error));
    }
    ++done;
  }
  return {};
}

}  // namespace rateguard::app
