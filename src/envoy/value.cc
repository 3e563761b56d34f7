#include "envoy/value.h"

namespace rateguard::envoy {

Value Value::of(double number) {
  Value value;
  value.kind = ValueKind::kNumber;
  value.number = number;
  return value;
}

Value Value::of(std::string_view text) {
  Value value;
  value.kind = ValueKind::kString;
  value.text = text;
  return value;
}

Value Value::truth(bool boolean) {
  Value value;
  value.kind = ValueKind::kBool;
  value.boolean = boolean;
  return value;
}

Value Value::list() {
  Value value;
  value.kind = ValueKind::kList;
  return value;
}

Value Value::structure() {
  Value value;
  value.kind = ValueKind::kStruct;
  return value;
}

const Value* Value::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.first == name) return &field.second;
  }
  return nullptr;
}

Value& Value::add(std::string_view name, Value value) {
  return fields.emplace_back(std::string(name), std::move(value)).second;
}

void Value::merge(const Value& other) {
  for (const auto& [name, theirs] : other.fields) {
    auto* ours = const_cast<Value*>(find(name));
    if (ours == nullptr) {
      fields.emplace_back(name, theirs);
    } else if (ours->kind == ValueKind::kStruct && theirs.kind == ValueKind::kStruct) {
      ours->merge(theirs);
    }
  }
}

}  // namespace rateguard::envoy
