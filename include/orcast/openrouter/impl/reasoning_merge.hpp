// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/merge_state.hpp"
#include "orcast/openrouter/impl/message_fields.hpp"

// Puts `reasoning_details` together. They must go back to the model as it gave them: providers sign
// them. So the items of a reply in one piece are kept as they are; in a stream, fragments of one
// reasoning text are joined, and everything else is kept in its order.

namespace orcast {
inline namespace v0 {
namespace detail {

class reasoning_merge {
 public:
  /// Adds the items of an array; an empty one counts too.
  void add(json_view items, merge_state& state) {
    received_ = true;
    for (const json_view item : items) {
      state.token();
      if (!state.whole && item["type"].text() == "reasoning.text") {
        add_text(item, state);
      } else {
        items_.emplace_back();
        items_.back().type = item["type"].text();
        append_json(items_.back().json, item);
        state.spend(items_.back().json.size() + sizeof(entry));
      }
      if (state.too_large) return;
    }
  }

  bool has(std::string_view type) const noexcept {
    for (const entry& each : items_) {
      if (each.type == type) return true;
    }
    return false;
  }

  /// Leaves `out` empty when there never was an array.
  void write(json_text& out) {
    out.clear();
    if (!received_) return;
    char before = '[';
    if (items_.empty()) out += before;
    for (entry& each : items_) {
      out += before;
      before = ',';
      if (each.json.empty()) {
        write_text(each, out);
      } else {
        out += each.json;
      }
    }
    out += ']';
  }

 private:
  struct entry {
    std::string type;
    json_text json;  // whole; else it is a text with the following
    std::string text;
    std::string signature;
    std::string index;  // as it was written
    std::string id;
    std::string format;
    bool has_text = false;
    loose_members more;
  };

  static constexpr bool agree(std::string_view a, std::string_view b) noexcept {
    return a.empty() || b.empty() || a == b;
  }

  /// A fragment continues the last item when that is a text too and nothing says otherwise. A
  /// signature alone may come later: it belongs to the last text with its index, not far back.
  entry& place_of(json_view item, merge_state& state) {
    const std::string_view index = item["index"].is_number() ? item["index"].text() : "";
    const std::string_view id = item["id"].text();
    const auto belongs = [&](const entry& each) {
      return each.json.empty() && agree(each.index, index) && agree(each.id, id);
    };
    if (!items_.empty() && belongs(items_.back())) return items_.back();
    if (item["text"].text().empty()) {
      std::size_t at = items_.size();
      for (int tries = 0; at-- > 0 && tries < 64; ++tries) {
        if (belongs(items_[at])) return items_[at];
      }
    }
    items_.emplace_back();
    items_.back().type = "reasoning.text";
    state.spend(sizeof(entry));
    return items_.back();
  }

  void add_text(json_view item, merge_state& state) {
    entry& place = place_of(item, state);
    const auto keep_first = [&state](std::string& to, std::string_view text) {
      if (!to.empty()) return;
      to = text;
      state.spend(text.size());
    };
    for (const json_view member : item) {
      const std::string_view key = member.key();
      if (is(key, "text")) {
        place.has_text = place.has_text || member.is_string();
        place.text += member.text();
        state.spend(member.text().size());
      } else if (is(key, "signature")) {
        keep_first(place.signature, member.text());
      } else if (is(key, "format")) {
        keep_first(place.format, member.text());
      } else if (is(key, "id")) {
        keep_first(place.id, member.text());
      } else if (is(key, "index") && member.is_number()) {
        keep_first(place.index, member.text());
      } else if (!is(key, "type")) {
        state.spend(place.more.set(member));
      }
    }
  }

  static void write_text(const entry& each, json_text& out) {
    object_writer whole(out);
    whole.text("type", each.type);
    if (each.has_text) append_repaired_string(whole.key("text"), each.text);
    if (!each.signature.empty()) append_repaired_string(whole.key("signature"), each.signature);
    if (!each.id.empty()) append_repaired_string(whole.key("id"), each.id);
    if (!each.format.empty()) append_repaired_string(whole.key("format"), each.format);
    whole.json_if("index", each.index);
    each.more.write(whole);
    whole.close();
  }

  std::vector<entry> items_;
  bool received_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
