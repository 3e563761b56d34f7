// What it takes to bring a catalog to what a file declares, and doing it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/catalog/catalog_service.h"
#include "app/catalog/declaration.h"
#include "base/result.h"

namespace rateguard::app {

enum class StepKind : uint8_t { kMake, kChange, kRemove };

struct FieldChange {
  std::string field = {};  // of the record
  std::string key = {};    // in files
  std::string from = {};   // for people; of a secret neither is shown
  std::string to = {};
};

struct PlanStep {
  StepKind kind = StepKind::kMake;
  const ResourceNoun* noun = nullptr;
  std::string identity = {};
  std::string id = {};             // of what is there already
  int64_t version = 0;             // of the same: what the plan was made for
  catalog::AnyRecord record = {};  // as declared, with names as references; of what is removed, empty
  std::vector<FieldChange> changes = {};
};

struct DeclarationPlan {
  std::vector<PlanStep> steps = {};  // in the order in which they can be made
  // What references name: ids by kind and name, of what is there already.
  std::map<std::pair<catalog::RecordKind, std::string>, std::string> ids = {};
};

enum class Prune : uint8_t { kNo, kYes };

// Changes nothing. With `prune`, what the file's sections do not have is to be removed. Errors: those of the service;
// kInvalid with a position for a reference to what is neither there nor declared.
Result<DeclarationPlan> plan_declaration(CatalogService& service, const Declaration& declaration, Prune prune);

// "+ plan pro", with a line for each field, and a last line that counts; "nothing to do". Safe to print.
std::string plan_text(const DeclarationPlan& plan);

// Makes the changes: all or none where the catalog itself is at hand, one after the other at a server. Errors: those of
// the service, and kInvalid if something has changed since the plan was made; the message says how much was done.
Result<void> carry_out(CatalogService& service, const DeclarationPlan& plan);

}  // namespace rateguard::app
