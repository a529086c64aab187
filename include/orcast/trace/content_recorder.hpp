// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/trace/blobs.hpp"
#include "orcast/trace/content_policy.hpp"
#include "orcast/trace/masks.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/span.hpp"

// The one door through which content reaches a span: what privacy mode, a mask or the host's own
// function keeps back never touches the ring.

namespace orcast {
inline namespace v0 {

namespace detail {

inline void append_name(const attribute_key& key, std::string& out) {
  const key_text* constant = key.constant();
  if (constant == nullptr) {
    out.append(key.name());
    return;
  }
  const std::size_t end = constant->size - key_text::after.size();
  std::size_t from = key_text::before.size();
  for (std::size_t i = 0; i < 2 && constant->cut[i] != 0; ++i) {
    out.append(constant->json + from, constant->cut[i] - from);
    out.append(std::to_string(i == 0 ? key.first() : key.second()));
    from = constant->cut[i];
  }
  out.append(constant->json + from, end - from);
}

}  // namespace detail

/// For one span, on its thread. Span and policy outlive it.
class content_recorder {
 public:
  content_recorder(span& into, const content_policy& policy) noexcept
      : span_(into), policy_(policy) {}

  content_fate fate(content what) const noexcept {
    return fate_of(what, policy_.hide, policy_.privacy);
  }
  /// False: nothing of the kind is recorded, and work that only serves it may be skipped.
  bool wants(content what) const noexcept {
    return span_.recording() && fate(what) != content_fate::left_out;
  }

  /// Long base64 in it is replaced by what it is (see blob_filter).
  void set(content what, attribute_key key, std::string_view text) {
    if (wants(what)) put(what, key, blobs_.apply(text, policy_.hide.base64_image_max_length));
  }
  /// The same for what looks like base64 and is to stay as it is: signatures, encrypted reasoning.
  void set_verbatim(content what, attribute_key key, std::string_view text) {
    if (wants(what)) put(what, key, text);
  }

  span& into() noexcept { return span_; }
  const content_policy& policy() const noexcept { return policy_; }

  /// A list, each text by itself.
  void set_list(content what, attribute_key key, const std::vector<std::string_view>& texts) {
    if (!wants(what) || texts.empty()) return;
    std::vector<std::string> kept;
    for (std::string_view text : texts) {
      if (look_at(what, key, blobs_.apply(text, policy_.hide.base64_image_max_length))) {
        kept.emplace_back(shown_);
      }
    }
    const std::vector<attribute_value> values(kept.begin(), kept.end());
    span_.set_list(key, values.data(), values.size());
  }

  /// A vector of an embedding.
  template <class Number>
  void set_vector(attribute_key key, const Number* numbers, std::size_t count) {
    constexpr content what = content::embedding_vector;
    if (!wants(what)) return;
    if (fate(what) == content_fate::replaced) {
      span_.set(key, redacted);
      return;
    }
    std::vector<attribute_value> values;
    values.reserve(count);
    for (std::size_t i = 0; i < count; ++i) values.emplace_back(static_cast<double>(numbers[i]));
    span_.set_list(key, values.data(), values.size());
  }

  /// What failed: the status and an exception event. `type` is the service's word for it, and is
  /// shown; `words` may quote what was sent.
  void fail(std::string_view type, std::string_view exception, std::string_view words) {
    if (!span_.recording()) return;
    std::string line(type);
    const attribute_key key(keys::exception_message);
    if (!words.empty() && wants(content::error_words) &&
        look_at(content::error_words, key, blobs_.apply(words, 0))) {
      line.append(": ").append(shown_);
    }
    span_.status(span_status::error, line);
    span_.event("exception", {{keys::exception_type, exception},
                              {keys::exception_message, line},
                              {keys::exception_escaped, false}});
  }

 private:
  void put(content what, const attribute_key& key, std::string_view text) {
    if (look_at(what, key, text)) span_.set(key, shown_);
  }

  /// Puts into shown_ what may be recorded of `text`; false for nothing.
  bool look_at(content what, const attribute_key& key, std::string_view text) {
    shown_ = fate(what) == content_fate::replaced ? std::string_view(redacted) : text;
    if (fate(what) == content_fate::replaced || policy_.redact.function == nullptr) return true;
    name_.clear();
    detail::append_name(key, name_);
    text_.assign(text);
    if (!policy_.redact.function(policy_.redact.context, what, name_, text_)) return false;
    shown_ = text_;
    return true;
  }

  span& span_;
  const content_policy& policy_;
  blob_filter blobs_;
  std::string_view shown_;
  std::string name_;
  std::string text_;
};

}  // namespace v0
}  // namespace orcast
