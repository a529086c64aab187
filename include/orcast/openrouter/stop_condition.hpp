// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "orcast/openrouter/json_text.hpp"

// When OpenRouter is to stop running its own tools within one call. The first condition that holds
// counts.

namespace orcast {
inline namespace v0 {

struct stop_condition {
  std::string type;
  std::optional<std::int64_t> step_count;
  std::string tool_name;
  std::optional<std::int64_t> max_tokens;
  std::optional<double> max_cost_in_dollars;
  std::string reason;
  json_text extra;  ///< an object with further members

  static stop_condition steps(std::int64_t count) {
    stop_condition made = of("step_count_is");
    made.step_count = count;
    return made;
  }
  static stop_condition calls(std::string tool_name) {
    stop_condition made = of("has_tool_call");
    made.tool_name = std::move(tool_name);
    return made;
  }
  static stop_condition tokens(std::int64_t most) {
    stop_condition made = of("max_tokens_used");
    made.max_tokens = most;
    return made;
  }
  static stop_condition dollars(double most) {
    stop_condition made = of("max_cost");
    made.max_cost_in_dollars = most;
    return made;
  }
  static stop_condition finish(std::string reason) {
    stop_condition made = of("finish_reason_is");
    made.reason = std::move(reason);
    return made;
  }

 private:
  static stop_condition of(const char* type) {
    stop_condition made;
    made.type = type;
    return made;
  }
};

}  // namespace v0
}  // namespace orcast
