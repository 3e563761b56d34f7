// The catalog over a database that understands SQL.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog_store.h"
#include "catalog/sql/sql_database.h"
#include "model/instant.h"

namespace rateguard::catalog {

class SqlCatalog final : public CatalogStore {
 public:
  // Brings the tables to the newest version first. `program` is this program's version, `now` the wall clock's time;
  // both are kept with the tables. Errors: those of migrate().
  static CatalogResult<std::unique_ptr<CatalogStore>> open(std::unique_ptr<SqlDatabase> database,
                                                           const std::string& program, Instant now);

  CatalogResult<CatalogState> state() override;
  CatalogResult<AnyRecord> get_any(RecordKind kind, std::string_view id) override;
  CatalogResult<AnyRecord> find_any(RecordKind kind, std::string_view field, const UniqueValue& value) override;
  CatalogResult<RecordPage> list_any(const RecordQuery& query) override;
  CatalogResult<ChangeOutcome> change(const ChangeSet& changes) override;
  CatalogResult<RecentChanges> changes_since(const CatalogState& since) override;
  void on_change(std::function<void(int64_t revision)> listener) override;
  CatalogResult<std::vector<AuditEntry>> audit(const AuditQuery& query) override;
  CatalogResult<IdempotencyRecord> find_answer(std::string_view scope, std::string_view key, Instant now) override;
  CatalogResult<void> note_uses(std::span<const KeyUse> uses) override;
  CatalogResult<void> report_instance(const InstanceReport& report) override;
  CatalogResult<std::vector<InstanceReport>> instances(Instant since) override;
  CatalogResult<ExpiredCounts> expire(Instant now) override;

 private:
  explicit SqlCatalog(std::unique_ptr<SqlDatabase> database) : database_(std::move(database)) {}

  CatalogResult<AnyRecord> one_of(RecordKind kind, CatalogResult<SqlRows> rows, std::string_view what);

  std::unique_ptr<SqlDatabase> database_;
  std::function<void(int64_t)> listener_;
};

}  // namespace rateguard::catalog
