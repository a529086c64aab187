// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "orcast/openrouter/chat_request.hpp"

// A tool from a plain description, where one would otherwise write JSON Schema by hand:
//
//   request.tools = {tool_description("look_up_ship", "Where a ship lies and what she carries.")
//                        .text("ship", "Her name")
//                        .choice("detail", "How much to tell", {"berth", "all"}).optional()
//                        .done()};
//
// tool_arguments reads what the model makes of it.

namespace orcast {
inline namespace v0 {

class tool_description {
 public:
  /// `name`: letters, digits, _ and -, up to 64.
  ORCAST_DECL tool_description(std::string_view name, std::string_view description);

  // One parameter each, in this order. Without optional() the model must give it.

  ORCAST_DECL tool_description& text(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& integer(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& number(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& flag(std::string_view name, std::string_view description);
  ORCAST_DECL tool_description& choice(std::string_view name, std::string_view description,
                                       std::initializer_list<std::string_view> values);
  /// A list of strings.
  ORCAST_DECL tool_description& texts(std::string_view name, std::string_view description);
  /// Anything else: its JSON Schema, an object. append_json() of the request refuses what is not.
  ORCAST_DECL tool_description& schema(std::string_view name, json_text schema);

  /// The parameter before this may be left out.
  ORCAST_DECL tool_description& optional();

  ORCAST_DECL tool done() const;

 private:
  ORCAST_DECL tool_description& add(std::string_view name, std::string_view description,
                                    std::string_view type, std::string_view more = {});
  ORCAST_DECL void begin(std::string_view name);

  tool made_;
  std::string properties_;  // the members of the schema's `properties`
  std::string required_;
  std::size_t before_last_ = 0;  // the size of required_ before the last parameter
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/tool_description.ipp"
#endif
