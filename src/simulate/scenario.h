// One set of rules to replay traffic against.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "limiter/limiter.h"

namespace rateguard::simulate {

struct Scenario {
  std::string name;  // the file it came from, for reports
  Policy policy;

  // Reads and compiles a rules file, as the service does. Errors: kInvalid with file, line and column; also if the file
  // cannot be read, which is the same to the user: rules that do not load.
  static Result<Scenario> load(const std::string& path);

  // The same for the text of such a file; `name` is what errors and reports call it.
  static Result<Scenario> parse(const std::string& yaml, const std::string& name);

  // The headers that these rules and their identities may look at, lower case: a recording keeps no others.
  std::vector<std::string> wanted_headers() const;
};

}  // namespace rateguard::simulate
