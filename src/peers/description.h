// What an instance says about itself, as it stands in Redis: a JSON object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/running_instance.h"

namespace rateguard::peers {

std::string encode(const InstanceDescription& description);
// What another instance wrote, perhaps of another version: members that are not known are passed over, those missing
// stay empty. nullopt: it is no such object, or longer than any is.
std::optional<InstanceDescription> decode_description(std::string_view text);

}  // namespace rateguard::peers
