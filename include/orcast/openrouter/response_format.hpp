// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "orcast/core/result.hpp"
#include "orcast/openrouter/json_text.hpp"

// The form that an answer is to have. With a JSON Schema the model's text is JSON of that shape:
//
//   request.response_format = response_format::json_schema("npc_line", schema);
//
// orcast/openrouter/structured.hpp reads the answer.

namespace orcast {
inline namespace v0 {

struct response_format {
  std::string type;         ///< "text", "json_object", "json_schema", "grammar", "python"
  std::string name;         ///< of the schema: letters, digits, '_' and '-', 64 at most
  std::string description;  ///< what the answer is for, to the model
  json_text schema;         ///< a JSON Schema: an object
  /// True: the provider keeps exactly to the schema. Providers then demand that every object of it
  /// lists all its properties as required and allows no others: see strict_schema().
  std::optional<bool> strict;
  std::string grammar;
  json_text json;  ///< sent instead of all the above

  /// Any JSON object; the prompt has to say which.
  static response_format json_object() {
    response_format made;
    made.type = "json_object";
    return made;
  }
  static response_format json_schema(std::string name, json_text schema, bool strict = true) {
    response_format made;
    made.type = "json_schema";
    made.name = std::move(name);
    made.schema = std::move(schema);
    made.strict = strict;
    return made;
  }
};

/// A plain schema as strict mode wants it: every object has "additionalProperties": false and
/// requires all its properties. What was optional may be null instead. Fails with invalid_argument
/// when `schema` is not a JSON object.
ORCAST_DECL result<json_text> strict_schema(std::string_view schema);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/openrouter/impl/response_format.ipp"
#endif
