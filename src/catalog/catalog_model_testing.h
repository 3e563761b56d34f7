// A catalog as slow and as plain as can be, which says what every CatalogStore has to answer. It leaves out the words
// of refusals and the details of audit entries.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/catalog_store.h"

namespace rateguard::catalog {

// One thread.
class CatalogModel final : public CatalogStore {
 public:
  CatalogResult<CatalogState> state() override { return all_.state; }
  CatalogResult<AnyRecord> get_any(RecordKind kind, std::string_view id) override;
  CatalogResult<AnyRecord> find_any(RecordKind kind, std::string_view field, const UniqueValue& value) override;
  CatalogResult<RecordPage> list_any(const RecordQuery& query) override;
  CatalogResult<ChangeOutcome> change(const ChangeSet& changes) override;
  CatalogResult<RecentChanges> changes_since(const CatalogState& since) override;
  void on_change(std::function<void(int64_t revision)>) override {}
  CatalogResult<std::vector<AuditEntry>> audit(const AuditQuery& query) override;
  CatalogResult<IdempotencyRecord> find_answer(std::string_view scope, std::string_view key, Instant now) override;
  CatalogResult<void> note_uses(std::span<const KeyUse> uses) override;
  CatalogResult<void> report_instance(const InstanceReport& report) override;
  CatalogResult<std::vector<InstanceReport>> instances(Instant since) override;
  CatalogResult<ExpiredCounts> expire(Instant now) override;

 private:
  // Copied before a change and put back if that is refused.
  struct Everything {
    CatalogState state = {.lineage = "model"};
    std::map<std::pair<RecordKind, std::string>, AnyRecord> records = {};
    std::vector<RecordChange> changes = {};
    std::vector<AuditEntry> audit = {};
    std::map<std::pair<std::string, std::string>, IdempotencyRecord> answers = {};
    std::map<std::string, InstanceReport> instances = {};
  };

  CatalogResult<ChangeOutcome> make(const ChangeSet& changes);
  CatalogResult<AnyRecord> make_one(const CreateRecord& write, const RecordWrite& whole, const ChangeSet& changes);
  CatalogResult<AnyRecord> make_one(const UpdateRecord& write, const RecordWrite& whole, const ChangeSet& changes);
  CatalogResult<AnyRecord> make_one(const RemoveRecord& write, const RecordWrite& whole, const ChangeSet& changes);
  CatalogResult<AnyRecord> present(RecordKind kind, const std::string& id, std::optional<int64_t> expected_version);
  // Errors: kInvalid, kDuplicate, in the order in which a CatalogStore finds them.
  CatalogResult<void> check(const AnyRecord& record, const AnyRecord* before);
  void put(const AnyRecord& record, const AnyRecord* before, const std::string& verb, const ChangeSet& changes);
  void take_away(const AnyRecord& record, const std::string& verb, const ChangeSet& changes);
  void note(const AnyRecord& record, const AnyRecord* before, std::string verb, const ChangeSet& changes);

  Everything all_;
};

}  // namespace rateguard::catalog
