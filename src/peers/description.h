// What an instance says about itself, in the form kept in Redis: a JSON object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/running_instance.h"

namespace rateguard::peers {

std::string encode(const InstanceDescription& description);
// What another instance wrote, perhaps of another version: unknown members are ignored, missing ones stay empty.
// nullopt if it is not such an object, or too long.
std::optional<InstanceDescription> decode_description(std::string_view text);

}  // namespace rateguard::peers
