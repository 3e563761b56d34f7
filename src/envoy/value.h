// A JSON-like value: the metadata of a descriptor, and google.protobuf.Struct on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rateguard::envoy {

// In the order of google.protobuf.Value's field numbers; the numbers are the wire's.
enum class ValueKind : uint8_t { kNull = 1, kNumber = 2, kString = 3, kBool = 4, kStruct = 5, kList = 6 };

struct Value {
  using Field = std::pair<std::string, Value>;

  ValueKind kind = ValueKind::kNull;
  bool boolean = false;
  double number = 0;  // finite
  std::string text = {};
  std::vector<Value> items = {};   // of a list
  std::vector<Field> fields = {};  // of a struct; names are unique

  static Value null() { return {}; }
  static Value of(double number);
  static Value of(std::string_view text);
  static Value truth(bool boolean);
  static Value list();
  static Value structure();

  // The value of a field of a struct; null if there is none.
  const Value* find(std::string_view name) const;
  // Appends a field. REQUIRES: a struct without a field of that name.
  Value& add(std::string_view name, Value value);
  // Adds the fields of `other` that this struct lacks; if both have a struct, those are merged in the same way.
  // REQUIRES: both are structs.
  void merge(const Value& other);

  bool operator==(const Value&) const = default;
};

}  // namespace rateguard::envoy
