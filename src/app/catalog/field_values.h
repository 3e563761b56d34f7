// What options say about a record, as the members that the admin API takes.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <vector>

#include "app/catalog/record_directory.h"
#include "app/catalog/resource_noun.h"
#include "base/result.h"

namespace rateguard::app {

// By option: "--plan". Only those that were given.
using GivenOptions = std::map<std::string, std::vector<std::string>, std::less<>>;

// The body of a creation or a change. Errors: kInvalid for a value that cannot be read, and for a file; kNotFound for a
// name that nothing has.
Result<boost::json::object> body_of(const ResourceNoun& noun, const GivenOptions& given, RecordDirectory& directory,
                                    Instant now);

}  // namespace rateguard::app
