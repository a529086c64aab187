// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "orcast/openrouter/impl/json_reader.hpp"
#include "orcast/openrouter/observation.hpp"
#include "orcast/trace/value.hpp"

// What the functions that write a span share, so that the memory of one call serves the next.

namespace orcast {
inline namespace v0 {

struct observation::reading {
  detail::json_reader json{detail::json_manners::tolerant};
  std::string parameters;
  std::vector<attribute_value> values;
};

}  // namespace v0
}  // namespace orcast
