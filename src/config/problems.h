// Collects the errors of a file, so that its author sees more than the first one at a time.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "config/yaml_tree.h"

namespace rateguard::config {

class Problems {
 public:
  explicit Problems(std::string file_name) : file_name_(std::move(file_name)) {}

  void add(const YamlNode& where, std::string message);
  // Adds an error of another file that this one names.
  void add(Error error);
  // Sets the prefix of the following messages about this file: "rule 'login': ". May be empty.
  void set_context(std::string context) { context_ = std::move(context); }

  bool empty() const { return errors_.empty(); }
  size_t count() const { return errors_.size(); }
  // Whether there are as many as will be shown: a reader then stops, which also bounds its work on a file full of
  // errors.
  bool full() const { return errors_.size() >= kShownMax; }
  SourcePosition position(const YamlNode& where) const;
  // The first error in the order of the file, with the others after its message, one per line. REQUIRES: !empty().
  Error to_error() const;

 private:
  static constexpr size_t kShownMax = 20;  // as many as fit a screen

  std::string file_name_;
  std::string context_;
  std::vector<Error> errors_;
};

// The nearest of `known` to a misspelt `word`, if any is near; empty otherwise. By edits (Levenshtein): one in a short
// word, two or a third of the letters in a longer one.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

// "unknown key 'limt' in rules; did you mean 'limit'?", or a list of the known keys.
std::string unknown_key(std::string_view key, std::string_view section, const std::vector<std::string_view>& known);

}  // namespace rateguard::config
