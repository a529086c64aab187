// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "orcast/openrouter/message.hpp"
#include "orcast/openrouter/tool_handler.hpp"

// The arguments of a tool call, by name and type. A model writes them, so anything may be missing
// or of another type: each getter then gives an empty value and notes what is wrong, and error()
// says all of it in words that the model can mend the call by:
//
//   tool_arguments given(asked);
//   const std::string ship = given.text("ship");
//   const std::int64_t berth = given.integer("berth", 1);   // 1 where there is none, or null
//   if (!given) return given.error();

namespace orcast {
inline namespace v0 {

/// Views and copies nothing of the call after it has been made. One thread at a time.
class tool_arguments {
 public:
  ORCAST_DECL explicit tool_arguments(const tool_call& asked);
  ORCAST_DECL ~tool_arguments();
  tool_arguments(const tool_arguments&) = delete;
  tool_arguments& operator=(const tool_arguments&) = delete;

  // What must be there, and with a second argument what may be left out.

  ORCAST_DECL std::string text(std::string_view name);
  ORCAST_DECL std::string text(std::string_view name, std::string_view otherwise);
  /// A whole number; 4.0 is one too.
  ORCAST_DECL std::int64_t integer(std::string_view name);
  ORCAST_DECL std::int64_t integer(std::string_view name, std::int64_t otherwise);
  ORCAST_DECL double number(std::string_view name);
  ORCAST_DECL double number(std::string_view name, double otherwise);
  ORCAST_DECL bool flag(std::string_view name);
  ORCAST_DECL bool flag(std::string_view name, bool otherwise);
  /// A value of any kind, as JSON text.
  ORCAST_DECL json_text json(std::string_view name);

  /// Whether there is such an argument, and it is not null.
  ORCAST_DECL bool has(std::string_view name) const;

  /// Notes that a value of the right type can't be used: wrong("berth", "must be from 1 to 6").
  ORCAST_DECL void wrong(std::string_view name, std::string_view words);

  /// False when something was wrong so far.
  explicit operator bool() const noexcept { return problems_.empty(); }
  /// All that was wrong, for the model: "ship" is missing; "berth" must be a whole number.
  tool_answer error() const { return tool_answer::error(problems_); }

 private:
  struct reading;  // Boost.JSON, out of sight
  std::unique_ptr<reading> reading_;
  std::string problems_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/tool_arguments.ipp"
#endif
