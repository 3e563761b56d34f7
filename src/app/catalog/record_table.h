// Records as a person reads them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "app/catalog/catalog_service.h"
#include "app/catalog/record_directory.h"
#include "app/catalog/resource_noun.h"
#include "model/instant.h"

namespace rateguard::app {

// What to say beside a list that the API has cut at `list_max` records; empty: there are no more.
std::string note_of_cut_list(const CatalogReply& list, int list_max);

// Rows below titles, aligned; safe to print.
std::string aligned_rows(std::vector<std::vector<std::string>> rows);

std::string records_table(const ResourceNoun& noun, const boost::json::array& records, RecordDirectory& directory,
                          Instant now);
// One record, a line for each member that is set.
std::string record_lines(const ResourceNoun& noun, const boost::json::object& record, RecordDirectory& directory,
                         Instant now);

}  // namespace rateguard::app
