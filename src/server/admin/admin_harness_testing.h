// For tests: the admin API over a catalog of its own, called without a socket.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/catalog_store.h"
#include "catalog/sqlite/sqlite_folder_testing.h"
#include "server/admin/admin_answer.h"
#include "server/admin/admin_parts.h"

namespace rateguard::admin {

inline constexpr std::string_view kOwnerToken = "the owner's token of these tests";

// An answer with its body read.
struct ReadAnswer {
  AdminAnswer answer = {};
  boost::json::value json = {};

  int status() const { return answer.status; }
  std::string header(std::string_view name) const;
  // "data" of the envelope, or a member of it.
  const boost::json::value& data() const { return json.at("data"); }
  std::string text(std::string_view member) const { return std::string(data().at(member).as_string()); }
  std::string problem(std::string_view member) const;
};

class AdminHarness {
 public:
  // On a SQLite file that goes with this.
  AdminHarness();
  // On another catalog, which outlives this.
  explicit AdminHarness(catalog::CatalogStore& catalog);

  // With the owner's token, unless there is an Authorization or a Cookie among the headers.
  ReadAnswer ask(std::string method, std::string target, std::string body = {}, HeaderList headers = {});
  ReadAnswer get(std::string target) { return ask("GET", std::move(target)); }
  ReadAnswer post(std::string target, std::string body) { return ask("POST", std::move(target), std::move(body)); }
  // With If-Match: *.
  ReadAnswer patch(std::string target, std::string body) {
    return ask("PATCH", std::move(target), std::move(body), {{"If-Match", "*"}});
  }

  // The id of a new record.
  std::string make(std::string collection, std::string body);
  // The secret of a new token of that role.
  std::string make_token(std::string name, std::string_view role, std::string workspace_id = {});

  catalog::CatalogStore& catalog() { return *catalog_; }

  Instant now = Instant::from_seconds(1'780'000'000);

 private:
  std::unique_ptr<catalog::SqliteFolder> folder_;
  std::unique_ptr<catalog::CatalogStore> own_;
  catalog::CatalogStore* catalog_;

 public:
  AdminParts parts;
};

}  // namespace rateguard::admin
