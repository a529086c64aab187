// SPDX-License-Identifier: MIT
//
// What OpenRouter refuses with 400 before any model sees it: the types of the documented fields of
// a chat request. Fields it does not know are let through, as OpenRouter does.

#pragma once

#include <string>
#include <string_view>

#include "standins/json_text.hpp"

namespace standins {

class chat_validator {
 public:
  /// One line that says what is wrong; empty when nothing is.
  static std::string problem(const json::value& request) {
    if (!request.is_object()) return "The request body must be a JSON object";
    std::string wrong = wrong_field(request);
    if (wrong.empty()) wrong = wrong_model(request);
    if (wrong.empty()) wrong = wrong_messages(member(request, "messages"));
    if (wrong.empty()) wrong = wrong_tools(member(request, "tools"));
    if (wrong.empty()) wrong = wrong_format(member(request, "response_format"));
    return wrong.empty() ? wrong_limits(request) : wrong;
  }

 private:
  /// b boolean, i integer, n number, s string, o object, a array, 0 null.
  static bool has_type(const json::value& value, std::string_view types) {
    for (const char type : types) {
      const bool integer = value.is_int64() || value.is_uint64();
      if ((type == 'b' && value.is_bool()) || (type == 'i' && integer) ||
          (type == 'n' && value.is_number()) || (type == 's' && value.is_string()) ||
          (type == 'o' && value.is_object()) || (type == 'a' && value.is_array()) ||
          (type == '0' && value.is_null())) {
        return true;
      }
    }
    return false;
  }

  static std::string wrong_field(const json::value& request) {
    struct field {
      std::string_view name, types;
    };
    static constexpr field fields[] = {
        {"model", "s"},
        {"models", "a"},
        {"messages", "a"},
        {"stream", "b"},
        {"stream_options", "o0"},
        {"temperature", "n0"},
        {"top_p", "n0"},
        {"top_k", "i0"},
        {"min_p", "n0"},
        {"top_a", "n0"},
        {"frequency_penalty", "n0"},
        {"presence_penalty", "n0"},
        {"repetition_penalty", "n0"},
        {"seed", "i0"},
        {"stop", "sa0"},
        {"max_completion_tokens", "i0"},
        {"max_tokens", "i0"},
        {"logit_bias", "o0"},
        {"logprobs", "b0"},
        {"top_logprobs", "i0"},
        {"tools", "a"},
        {"tool_choice", "so"},
        {"parallel_tool_calls", "b0"},
        {"response_format", "o"},
        {"reasoning", "o"},
        {"reasoning_effort", "s0"},
        {"provider", "o0"},
        {"plugins", "a"},
        {"prediction", "o0"},
        {"modalities", "a"},
        {"service_tier", "s0"},
        {"metadata", "o"},
        {"user", "s"},
        {"session_id", "s"},
        {"trace", "o"},
        {"debug", "o"},
    };
    for (const field& known : fields) {
      const json::value* value = member(request, known.name);
      if (value != nullptr && !has_type(*value, known.types)) {
        return "Invalid type for '" + std::string(known.name) + "'";
      }
    }
    return "";
  }

  static std::string wrong_model(const json::value& request) {
    const std::string model = text_member(request, "model");
    const bool preset = !model.empty() && model[0] == '@';
    if (member(request, "model") != nullptr && !preset && model.find('/') == model.npos) {
      return model + " is not a valid model ID";
    }
    return "";
  }

  static std::string wrong_messages(const json::value* messages) {
    if (messages == nullptr || messages->get_array().empty()) {
      return "Input required: specify \"prompt\" or \"messages\"";
    }
    std::size_t index = 0;
    for (const json::value& message : messages->get_array()) {
      const std::string at = "messages[" + std::to_string(index++) + "]";
      const std::string role = text_member(message, "role");
      const bool assistant = role == "assistant";
      if (!assistant && role != "system" && role != "developer" && role != "user" &&
          role != "tool") {
        return "Invalid 'role' in " + at;
      }
      const json::value* content = member(message, "content");
      const json::value* calls = member(message, "tool_calls");
      if (content == nullptr ? !assistant : !has_type(*content, assistant ? "sa0" : "sa")) {
        return "Invalid 'content' in " + at;
      }
      if (calls != nullptr && !calls->is_array()) return "Invalid 'tool_calls' in " + at;
      if (role == "tool" && text_member(message, "tool_call_id").empty()) {
        return "Missing 'tool_call_id' in " + at;
      }
    }
    return "";
  }

  static std::string wrong_tools(const json::value* tools) {
    if (tools == nullptr) return "";
    for (const json::value& tool : tools->get_array()) {
      const std::string type = text_member(tool, "type");
      if (type.empty()) return "Missing 'type' in tools";
      const json::value* function = member(tool, "function");
      if (type == "function" && (function == nullptr || text_member(*function, "name").empty())) {
        return "Missing 'function.name' in tools";
      }
    }
    return "";
  }

  static std::string wrong_format(const json::value* format) {
    if (format == nullptr || text_member(*format, "type") != "json_schema") return "";
    const json::value* schema = member(*format, "json_schema");
    if (schema != nullptr && !text_member(*schema, "name").empty()) return "";
    return "Missing 'json_schema.name' in response_format";
  }

  static std::string wrong_limits(const json::value& request) {
    const json::value* temperature = member(request, "temperature");
    if (temperature != nullptr && temperature->is_number()) {
      const double value = temperature->to_number<double>();
      if (value < 0 || value > 2) return "'temperature' must be between 0 and 2";
    }
    const json::value* stop = member(request, "stop");
    if (stop != nullptr && stop->is_array() && stop->get_array().size() > 4) {
      return "'stop' takes at most 4 sequences";
    }
    if (text_member(request, "session_id").size() > 256) return "'session_id' is too long";
    if (text_member(request, "user").size() > 128) return "'user' is too long";
    const json::value* metadata = member(request, "metadata");
    if (metadata != nullptr && metadata->get_object().size() > 16) {
      return "'metadata' takes at most 16 pairs";
    }
    return "";
  }
};

}  // namespace standins
