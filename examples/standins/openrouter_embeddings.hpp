// SPDX-License-Identifier: MIT
//
// OpenRouter's endpoint for embeddings. A text's vector is made of its words' stems, so that texts
// with words in common are near to each other, as with a real model.

#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "standins/json_text.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_usage.hpp"
#include "standins/text.hpp"

namespace standins {

class embeddings_endpoint {
 public:
  static http_answer answer(const json::value& request, const std::string& id) {
    const std::string problem = problem_of(request);
    if (!problem.empty()) return json_answer(400, error_envelope(400, problem));
    const std::string model = text_member(request, "model");
    const json::value& input = *member(request, "input");
    const json::value* wanted = member(request, "dimensions");
    const std::size_t size =
        wanted != nullptr ? static_cast<std::size_t>(wanted->to_number<std::int64_t>()) : 256;
    const bool base64 = text_member(request, "encoding_format") == "base64";
    json::array data;
    std::int64_t tokens = 0;
    const auto add = [&](const json::value& one) {
      const std::string text = one.is_string() ? std::string(view(one.get_string())) : print(one);
      tokens += tokens_in(text);
      const std::vector<float> vector = embed(text, size);
      json::value made;
      if (base64) {
        made = json::value(encode(vector));
      } else {
        json::array& numbers = made.emplace_array();
        for (const float each : vector) numbers.emplace_back(static_cast<double>(each));
      }
      const std::size_t index = data.size();
      data.push_back(
          json::object{{"object", "embedding"}, {"embedding", std::move(made)}, {"index", index}});
    };
    if (input.is_array() && !input.get_array().front().is_number()) {
      for (const json::value& each : input.get_array()) add(each);
    } else {
      add(input);
    }
    const double cost = static_cast<double>(tokens * 20000) / 1e12;
    json::object usage = {
        {"prompt_tokens", tokens}, {"total_tokens", tokens}, {"cost", cost}, {"is_byok", false}};
    return json_answer(200, {{"object", "list"},
                             {"data", std::move(data)},
                             {"model", model},
                             {"id", id},
                             {"provider", std::string(family_of(model).provider)},
                             {"usage", std::move(usage)}});
  }

 private:
  static std::string problem_of(const json::value& request) {
    if (!request.is_object()) return "The request body must be a JSON object";
    const std::string model = text_member(request, "model");
    if (model.find('/') == model.npos) return "'" + model + "' is not a valid model ID";
    const json::value* input = member(request, "input");
    if (input == nullptr || (!input->is_string() && !input->is_array())) return "Missing 'input'";
    if (input->is_string() && input->get_string().empty()) return "'input' is empty";
    if (input->is_array() && input->get_array().empty()) return "'input' is empty";
    const json::value* dimensions = member(request, "dimensions");
    if (dimensions != nullptr &&
        (!dimensions->is_number() || dimensions->to_number<std::int64_t>() < 1 ||
         dimensions->to_number<std::int64_t>() > 4096)) {
      return "Invalid 'dimensions'";
    }
    const std::string format = text_member(request, "encoding_format");
    if (member(request, "encoding_format") != nullptr && format != "float" && format != "base64") {
      return "Invalid 'encoding_format'";
    }
    return "";
  }

  /// Of length 1, unless the text has no words.
  static std::vector<float> embed(const std::string& text, std::size_t size) {
    std::vector<double> sum(size, 0.0);
    for (const std::string& word : stems(text)) {
      std::uint32_t number = hash(word);
      for (int i = 0; i < 8; ++i) {
        sum[number % size] += (number & 0x10000) != 0 ? 1 : -1;
        number = number * 1664525u + 1013904223u;
      }
    }
    double square = 0;
    for (const double each : sum) square += each * each;
    const double length = square > 0 ? std::sqrt(square) : 1;
    std::vector<float> vector;
    for (const double each : sum) vector.push_back(static_cast<float>(each / length));
    return vector;
  }

  /// The floats' bytes, least significant first, in base64.
  static std::string encode(const std::vector<float>& vector) {
    std::string bytes;
    for (const float each : vector) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &each, sizeof bits);
      for (int i = 0; i < 4; ++i) bytes += static_cast<char>(bits >> (8 * i) & 0xFF);
    }
    constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      std::uint32_t three = 0;
      for (std::size_t j = 0; j < 3; ++j) {
        const std::size_t at = i + j;
        three = three << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u);
      }
      const std::size_t left = bytes.size() - i;
      for (std::size_t j = 0; j < 4; ++j) {
        out += j <= left ? letters[three >> (18 - 6 * j) & 63] : '=';
      }
    }
    return out;
  }
};

}  // namespace standins
