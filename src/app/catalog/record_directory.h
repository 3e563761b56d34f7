// Names wherever the admin API wants ids.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/catalog/catalog_service.h"
#include "app/catalog/resource_noun.h"
#include "base/result.h"

namespace rateguard::app {

// Remembers what it has been told, so it is made for one command. `service` outlives it.
class RecordDirectory {
 public:
  explicit RecordDirectory(CatalogService& service) : service_(service) {}

  // The record that `text` names, by its name or its id, as the API shows it. Errors: kNotFound, with the nearest known
  // name; kInvalid if several have that name; those of the service.
  Result<boost::json::object> find(const ResourceNoun& noun, std::string_view text);
  Result<std::string> id_of(catalog::RecordKind kind, std::string_view text);
  // For people: the name of the record with that id; the id itself where it has none or cannot be looked up.
  std::string name_of(catalog::RecordKind kind, const std::string& id);
  // All of a kind, in the order of their ids. Errors: those of the service.
  Result<std::vector<boost::json::object>> all(const ResourceNoun& noun);

 private:
  Result<boost::json::object> find_by_name(const ResourceNoun& noun, std::string_view name);
  // Its name, as name_of() gives it.
  const std::string& remember(const ResourceNoun& noun, const boost::json::object& record);
  Error not_found(const ResourceNoun& noun, std::string_view text);

  CatalogService& service_;
  std::map<std::pair<catalog::RecordKind, std::string>, std::string> names_;  // by kind and id
};

// What people call a record: the member that names its kind, or for a price its provider, model and time.
std::string display_name(const ResourceNoun& noun, const boost::json::object& record);

}  // namespace rateguard::app
