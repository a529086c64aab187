// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orcast/core/result.hpp"
#include "orcast/core/utf8.hpp"
#include "orcast/openrouter/impl/json_write.hpp"

// Makes a failure of what OpenRouter, its providers and the proxies before them answer instead of a
// reply: error objects in several shapes, the provider's own error as text within text, web pages.

namespace orcast {
inline namespace v0 {
namespace detail {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Where `lower_case` is in `text`, without regard to case.
inline std::size_t find_word(std::string_view text, std::string_view lower_case) noexcept {
  const auto found = std::search(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                                 [](char a, char b) { return lower(a) == b; });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

/// Replaces what looks like a key: providers quote the one that they refuse.
inline void hide_keys(std::string& text) {
  const auto in_key = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '_' ||
           c == '.' || c == '*' || c == '+' || c == '/' || c == '=';
  };
  const auto in_word = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  };
  for (const std::string_view prefix : {"bearer ", "sk-", "ak-"}) {
    std::size_t from = 0;
    for (;;) {
      const std::size_t found = find_word(std::string_view(text).substr(from), prefix);
      if (found == std::string_view::npos) break;
      const std::size_t begin = from + found;
      std::size_t end = begin + prefix.size();
      while (end < text.size() && in_key(text[end])) ++end;
      from = begin + prefix.size();
      const bool inside = begin > 0 && in_word(text[begin - 1]);  // "task-", "break-even"
      if (!inside && end - from >= 8) text.replace(from, end - from, "***");
    }
  }
}

/// One line of at most about 500 bytes, without control characters and keys.
inline std::string to_one_line(std::string_view text) {
  constexpr std::size_t most = 500;
  std::string line;
  append_valid_utf8(line, text.substr(0, 4096));
  std::size_t size = 0;
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = byte <= 0x20 || byte == 0x7F;
    if (!blank) {
      line[size++] = c;
    } else if (size != 0 && line[size - 1] != ' ') {
      line[size++] = ' ';
    }
  }
  line.resize(size);
  hide_keys(line);
  if (line.size() > most) {
    line.resize(utf8_prefix(line, most));
    line += "...";
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

/// The words for people in a provider's error: {"error":{"message":"..."}} and the like.
inline std::string_view find_words(json_view value, int levels = 6) {
  if (value.is_string()) return value.text();
  if (levels == 0) return {};
  if (value.is_array()) return value.empty() ? "" : find_words(*value.begin(), levels - 1);
  for (const std::string_view name : {"message", "error", "detail", "details", "msg"}) {
    const std::string_view words = find_words(value[name], levels - 1);
    if (!words.empty()) return words;
  }
  return {};
}

/// The words in text that may be JSON, whose words may be JSON again.
inline std::string unwrap_words(std::string_view text) {
  std::string words(text);
  for (int levels = 0; levels < 4; ++levels) {
    const std::size_t first = words.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || (words[first] != '{' && words[first] != '[')) break;
    json_reader reader(json_manners::tolerant);
    if (!reader.parse(words)) break;
    const std::string inner(find_words(reader.root()));
    if (inner.empty()) break;
    words = inner;
  }
  return words;
}

/// The title of a web page, such as the one that a gateway answers with.
inline std::string_view page_title(std::string_view page) noexcept {
  page = page.substr(0, 4096);
  const std::size_t tag = find_word(page, "<title");
  if (tag == std::string_view::npos) return {};
  const std::size_t begin = page.find('>', tag);
  if (begin == std::string_view::npos) return {};
  page.remove_prefix(begin + 1);
  return page.substr(0, (std::min)(page.find('<'), page.size()));
}

/// 0 for what is no class of error.
inline errc errc_of_status(std::int64_t status) noexcept {
  switch (status) {
    case 401:
      return errc::authentication;
    case 402:
      return errc::payment_required;
    case 403:
      return errc::permission_denied;
    case 404:
      return errc::not_found;
    case 408:
    case 504:
    case 524:
      return errc::request_timeout;
    case 429:
      return errc::rate_limited;
    case 502:
      return errc::provider_unavailable;
    case 503:
    case 529:
      return errc::overloaded;
    default:
      break;
  }
  if (status >= 500 && status < 600) return errc::server;
  return status >= 400 && status < 500 ? errc::invalid_request : errc{};
}

/// OpenRouter's error_type, and codes that are words. New ones may appear at any time.
inline errc errc_of_type(std::string_view type) noexcept {
  struct entry {
    std::string_view type;
    errc code;
  };
  static constexpr entry known[] = {
      {"authentication", errc::authentication},
      {"payment_required", errc::payment_required},
      {"permission_denied", errc::permission_denied},
      {"not_found", errc::not_found},
      {"image_not_found", errc::not_found},
      {"timeout", errc::request_timeout},
      {"rate_limit_exceeded", errc::rate_limited},
      {"capacity_exhausted", errc::rate_limited},
      {"server", errc::server},
      {"server_error", errc::server},
      {"unmapped", errc::server},
      {"provider_unavailable", errc::provider_unavailable},
      {"provider_overloaded", errc::overloaded},
      {"temporarily_unavailable", errc::overloaded},
      {"context_length_exceeded", errc::invalid_request},
      {"max_tokens_exceeded", errc::invalid_request},
      {"token_limit_exceeded", errc::invalid_request},
      {"string_too_long", errc::invalid_request},
      {"invalid_request", errc::invalid_request},
      {"invalid_prompt", errc::invalid_request},
      {"content_policy_violation", errc::invalid_request},
      {"refusal", errc::invalid_request},
      {"invalid_image", errc::invalid_request},
      {"image_too_large", errc::invalid_request},
      {"image_too_small", errc::invalid_request},
      {"unsupported_image_format", errc::invalid_request},
      {"image_download_failed", errc::invalid_request},
      {"precondition_failed", errc::invalid_request},
      {"payload_too_large", errc::invalid_request},
      {"unprocessable", errc::invalid_request},
  };
  for (const entry& each : known) {
    if (each.type == type) return each.code;
  }
  return errc{};
}

constexpr bool may_pass(errc code) noexcept {
  return code == errc::request_timeout || code == errc::rate_limited || code == errc::server ||
         code == errc::provider_unavailable || code == errc::overloaded;
}

/// The failure that an HTTP status alone tells.
inline failure status_failure(int status, std::string_view words) {
  const errc code = errc_of_status(status);
  failure why(code == errc{} ? errc::malformed_response : code, to_one_line(words), status);
  why.retryable = may_pass(why.code);
  return why;
}

/// The same of a response whose body is anything: a web page, text, JSON without `error`, nothing.
inline failure page_failure(int status, std::string_view body, json_view root) {
  std::string words = "HTTP ";
  append_number(words, static_cast<std::int64_t>(status));
  std::string_view said = body;
  if (root.exists()) {
    said = find_words(root);
  } else if (!body.empty() && body.front() == '<') {
    said = page_title(body);
    if (said.empty()) said = "a web page instead of an answer";
  }
  if (!said.empty()) words.append(": ").append(said.substr(0, 4096));
  return status_failure(status, words);
}

/// Whether the value of a member called "error" is one: an object, or words.
inline bool is_error(json_view value) noexcept {
  return value.is_object() || (value.is_string() && !value.text().empty());
}

/// The error of a reply or a chunk: its own, or that of one of its choices.
inline json_view find_error(json_view root) noexcept {
  if (is_error(root["error"])) return root["error"];
  for (const json_view choice : root["choices"]) {
    if (is_error(choice["error"])) return choice["error"];
  }
  return {};
}

/// `error`: the error object (or text); `provider`: what the reply around it names, or nothing.
inline failure read_error(json_view error, std::string_view provider, int status) {
  const json_view metadata = error["metadata"];
  const json_view availability = error["availability"];
  failure why;
  why.http_status = status;

  json_view type = metadata["error_type"];
  if (!type.is_string()) type = error["error_type"];
  if (!type.is_string()) type = availability["code"];
  if (!type.is_string()) type = error["code"];
  if (type.is_string()) why.error_type = to_one_line(type.text().substr(0, 100));

  // The status of the response counts, then what the error says of itself.
  const json_view code = error["code"];
  why.code = errc_of_status(status);
  if (why.code == errc{} && code.is_number()) why.code = errc_of_status(code.integer());
  if (why.code == errc{}) why.code = errc_of_status(error["http_status"].integer());
  if (why.code == errc{}) why.code = errc_of_type(why.error_type);
  if (why.code == errc{} && code.is_string()) why.code = errc_of_type(code.text());
  if (why.code == errc{}) why.code = errc::provider_error;

  const json_view named = metadata["provider_name"];
  why.provider = to_one_line((named.is_string() ? named.text() : provider).substr(0, 100));

  const json_view raw = metadata["raw"];
  std::string words = raw.is_string() ? unwrap_words(raw.text()) : unwrap_words(find_words(raw));
  if (!words.empty() && words.front() == '<') words = page_title(words);
  if (!words.empty()) {
    if (!why.provider.empty()) words.insert(0, "Provider " + why.provider + ": ");
  } else {
    words = unwrap_words(find_words(error));
    const json_view detail = metadata["provider_code"];
    if (!detail.text().empty()) words.append(" (").append(detail.text()).append(")");
  }
  if (words.empty()) words = why.error_type;
  if (words.empty()) words = "an error without a message";
  why.message = to_one_line(words);

  const json_view hint = availability["retry_after"];
  if (hint.is_number() && hint.real() >= 0) {
    why.retry_after_ms = static_cast<std::int64_t>((std::min)(hint.real(), 86'400.0) * 1000);
  }
  const json_view retryable = availability["retryable"];
  why.retryable = retryable.is_bool() ? retryable.boolean() : may_pass(why.code);
  return why;
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
