// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <utility>

#include "orcast/core/base64.hpp"
#include "orcast/openrouter/embeddings.hpp"
#include "orcast/openrouter/impl/api_fields.hpp"

// The bodies of orcast/openrouter/embeddings.hpp.

namespace orcast {
inline namespace v0 {
namespace detail {

/// A vector from an array of numbers, or from base64 of float32, least significant byte first.
inline bool read_vector(json_view from, std::string& bytes, std::vector<float>& vector) {
  if (from.is_array()) {
    for (const json_view each : from) {
      if (!each.is_number()) return false;
      vector.push_back(static_cast<float>(each.real()));
    }
    return true;
  }
  bytes.clear();
  if (!from.is_string() || !append_base64_decoded(bytes, from.text())) return false;
  if (bytes.size() % 4 != 0) return false;
  vector.resize(bytes.size() / 4);
  for (std::size_t i = 0; i < vector.size(); ++i) {
    std::uint32_t bits = 0;
    for (std::size_t j = 4; j-- > 0;) {
      bits = bits << 8 | static_cast<unsigned char>(bytes[i * 4 + j]);
    }
    std::memcpy(&vector[i], &bits, sizeof bits);
  }
  return true;
}

/// Members that are JSON already: checked, and copied without a second look.
inline result<void> copy_object(std::string_view name, std::string_view json, std::string& out) {
  json_reader reader(json_manners::exact);
  if (!reader.parse(json) || !reader.root().is_object()) {
    return failure(errc::invalid_argument, std::string(name) + " is not a JSON object");
  }
  out.append(json);
  return {};
}

}  // namespace detail

ORCAST_DECL result<api_request> embeddings_query::request() const {
  const auto refuse = [](std::string why) {
    return failure(errc::invalid_argument, "embeddings_query." + std::move(why));
  };
  if (model.empty()) return refuse("model is empty");
  if (!valid_utf8(model)) return refuse("model is not UTF-8");
  if (input.empty() && input_json.empty()) return refuse("input is empty");
  if (!valid_utf8(input_type)) return refuse("input_type is not UTF-8");
  if (!valid_utf8(user)) return refuse("user is not UTF-8");
  api_request made("POST", "/embeddings");
  detail::object_writer body(made.body);
  body.text("model", model);
  if (!input_json.empty()) {
    detail::json_reader reader(detail::json_manners::exact);
    if (!reader.parse(input_json)) return refuse("input_json is not JSON");
    body.json("input", input_json);
  } else {
    std::string& out = body.key("input");
    for (std::size_t i = 0; i < input.size(); ++i) {
      if (!valid_utf8(input[i])) return refuse("input[" + std::to_string(i) + "] is not UTF-8");
      out += i == 0 ? '[' : ',';
      detail::append_json_string(out, input[i]);
    }
    out += ']';
  }
  body.text("encoding_format", base64 ? "base64" : "float");
  if (dimensions) body.number("dimensions", *dimensions);
  body.text_if("input_type", input_type);
  if (!provider.empty()) {
    const auto copied =
        detail::copy_object("embeddings_query.provider", provider, body.key("provider"));
    if (!copied) return copied.error();
  }
  body.text_if("user", user);
  if (!extra.empty()) {
    detail::json_reader reader(detail::json_manners::exact);
    if (!reader.parse(extra) || !reader.root().is_object()) {
      return refuse("extra is not a JSON object");
    }
    for (const detail::json_view member : reader.root()) {
      if (body.has(member.key())) return refuse("extra has a member that is set already");
      detail::append_json(body.key(member.key()), member);
    }
  }
  body.close();
  return made;
}

ORCAST_DECL result<embeddings> embeddings_query::parse(std::string_view body) const {
  const detail::api_document document(body);
  if (!document.ok()) return document.error();
  const detail::json_view root = document.root();
  const auto refuse = [](std::string why) {
    return failure(errc::malformed_response, std::move(why));
  };
  embeddings made;
  std::string bytes;
  std::size_t count = 0;
  for (const detail::json_view each : document.data()) {
    const auto index = detail::read_count(each["index"]);
    const std::size_t at = index && *index >= 0 ? static_cast<std::size_t>(*index) : count;
    ++count;
    if (at >= 1'000'000) return refuse("an embedding's index is too large");
    if (at >= made.vectors.size()) made.vectors.resize(at + 1);
    const std::string name = "embedding " + std::to_string(at);
    if (!made.vectors[at].empty()) return refuse(name + " is there twice");
    if (!detail::read_vector(each["embedding"], bytes, made.vectors[at])) {
      return refuse(name + " is neither numbers nor base64 of floats");
    }
  }
  const std::size_t wanted = input_json.empty() ? input.size() : made.vectors.size();
  if (made.vectors.empty() || made.vectors.size() != wanted) {
    return refuse("there are " + std::to_string(made.vectors.size()) + " embeddings for " +
                  (input_json.empty() ? std::to_string(wanted) : "the") + " inputs");
  }
  for (std::size_t i = 0; i < made.vectors.size(); ++i) {
    if (made.vectors[i].empty()) return refuse("embedding " + std::to_string(i) + " is empty");
  }
  made.id = detail::read_text(root["id"]);
  made.model = detail::read_text(root["model"]);
  made.provider = detail::read_text(root["provider"]);
  if (root["usage"].is_object()) detail::read_usage(root["usage"], made.usage);
  return made;
}

ORCAST_DECL double cosine(const std::vector<float>& a, const std::vector<float>& b) noexcept {
  if (a.size() != b.size()) return 0;
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

}  // namespace v0
}  // namespace orcast
