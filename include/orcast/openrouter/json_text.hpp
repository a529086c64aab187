// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "orcast/config.hpp"

// JSON in the interface of the OpenRouter layer. Where a shape is open-ended, or OpenRouter's to
// change, a member is JSON text: passed on as it is, looked at before it is sent.

namespace orcast {
inline namespace v0 {

/// JSON text. Empty means "not set".
using json_text = std::string;

}  // namespace v0
}  // namespace orcast
