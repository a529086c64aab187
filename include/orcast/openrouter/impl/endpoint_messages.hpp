// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/json_write.hpp"
#include "orcast/openrouter/message.hpp"

// The messages of the endpoints that speak as other services do - /responses as OpenAI's, /messages
// as Anthropic's - as chat messages, so that a span shows them in the same way.

namespace orcast {
inline namespace v0 {
namespace detail {

/// The text of a string, or of the blocks of an array.
inline std::string text_of(json_view content) {
  if (!content.is_array()) return std::string(content.text());
  std::string all;
  for (const json_view block : content) {
    const std::string_view text = block["text"].text();
    if (!all.empty() && !text.empty()) all += '\n';
    all.append(text);
  }
  return all;
}

class message_gatherer {
 public:
  /// What Anthropic calls a message, or the content of its answer.
  void add_blocks(std::string_view role, json_view content) {
    message& made = begin(role);
    if (!content.is_array()) {
      made.content.assign(content.text());
      return;
    }
    std::string details;
    const std::size_t index = all.size() - 1;
    for (const json_view block : content) add_block(block, index, details);
    end_details(all[index], details);
    // A message of results alone is the results' messages.
    const message& done = all[index];
    if (done.parts.empty() && done.tool_calls.empty() && done.reasoning_details.empty() &&
        all.size() > index + 1) {
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }

  /// What OpenAI calls input, or output: items, or a text.
  void add_items(json_view items) {
    if (items.is_string()) begin("user").content.assign(items.text());
    if (!items.is_array()) return;
    for (const json_view item : items) add_item(item);
  }

  /// The same as one message: an answer.
  static message answer(json_view items) {
    message_gatherer each;
    each.add_items(items);
    message made = message::of("assistant", "");
    std::string details;
    for (message& piece : each.all) {
      if (!made.content.empty() && !piece.content.empty()) made.content += '\n';
      made.content += piece.content;
      for (content_part& each_part : piece.parts) {
        if (each_part.type != "text") {
          made.parts.push_back(std::move(each_part));
        } else {
          if (!made.content.empty()) made.content += '\n';
          made.content += each_part.text;
        }
      }
      for (tool_call& call : piece.tool_calls) made.tool_calls.push_back(std::move(call));
      const std::string& more = piece.reasoning_details;
      if (more.size() > 2) {
        if (!details.empty()) details += ',';
        details.append(more, 1, more.size() - 2);
      }
    }
    end_details(made, details);
    if (!made.parts.empty() && !made.content.empty()) {
      made.parts.insert(made.parts.begin(), part::text(made.content));
    }
    return made;
  }

  message& begin(std::string_view role) {
    all.emplace_back();
    all.back().role.assign(role);
    return all.back();
  }

  std::vector<message> all;

 private:
  static void end_details(message& to, const std::string& details) {
    if (!details.empty()) to.reasoning_details = "[" + details + "]";
  }

  static void add_detail(std::string& details, std::string_view type, std::string_view name,
                         std::string_view text, std::string_view format, std::string_view id,
                         std::string_view signature) {
    if (!details.empty()) details += ',';
    object_writer whole(details);
    whole.text("type", type);
    append_repaired_string(whole.key(name), text);
    whole.text_if("format", format);
    if (!id.empty()) append_repaired_string(whole.key("id"), id);
    if (!signature.empty()) append_repaired_string(whole.key("signature"), signature);
    whole.close();
  }

  static void add_image(message& to, std::string_view address) {
    std::string whole = R"({"image_url":{"url":)";
    append_repaired_string(whole, address);
    whole += "}}";
    to.parts.push_back(part::json("image_url", std::move(whole)));
  }

  void add_block(json_view block, std::size_t index, std::string& details) {
    const std::string_view type = block["type"].text();
    if (type == "tool_result") {
      message& made = begin("tool");
      made.content = text_of(block["content"]);
      made.tool_call_id.assign(block["tool_use_id"].text());
      return;
    }
    message& to = all[index];
    if (type == "text") {
      to.parts.push_back(part::text(std::string(block["text"].text())));
    } else if (type == "tool_use") {
      to.tool_calls.push_back({std::string(block["id"].text()), std::string(block["name"].text()),
                               to_json(block["input"]), std::string()});
    } else if (type == "thinking") {
      add_detail(details, "reasoning.text", "text", block["thinking"].text(), "anthropic", {},
                 block["signature"].text());
    } else if (type == "redacted_thinking") {
      add_detail(details, "reasoning.encrypted", "data", block["data"].text(), "anthropic", {}, {});
    } else if (type == "image") {
      const json_view source = block["source"];
      std::string address(source["url"].text());
      if (address.empty()) {
        address.append("data:").append(source["media_type"].text());
        address.append(";base64,").append(source["data"].text());
      }
      add_image(to, address);
    } else {
      to.parts.push_back(part::json(std::string(type), to_json(block)));
    }
  }

  void add_item(json_view item) {
    const std::string_view type = item["type"].text();
    if (type == "function_call") {
      begin("assistant")
          .tool_calls.push_back({std::string(item["call_id"].text()),
                                 std::string(item["name"].text()),
                                 std::string(item["arguments"].text()), std::string()});
    } else if (type == "function_call_output") {
      message& made = begin("tool");
      made.content = text_of(item["output"]);
      made.tool_call_id.assign(item["call_id"].text());
    } else if (type == "reasoning") {
      std::string details;
      const std::string_view id = item["id"].text();
      for (const json_view piece : item["summary"]) {
        add_detail(details, "reasoning.summary", "summary", piece["text"].text(), {}, id, {});
      }
      for (const json_view piece : item["content"]) {
        add_detail(details, "reasoning.text", "text", piece["text"].text(), {}, id,
                   item["signature"].text());
      }
      const std::string_view hidden = item["encrypted_content"].text();
      if (!hidden.empty()) add_detail(details, "reasoning.encrypted", "data", hidden, {}, id, {});
      end_details(begin("assistant"), details);
    } else if (type == "message" || !item["role"].text().empty()) {
      message& made = begin(item["role"].text());
      const json_view content = item["content"];
      if (!content.is_array()) made.content.assign(content.text());
      for (const json_view each : content) add_part(made, each);
    } else {
      begin("assistant").parts.push_back(part::json(std::string(type), to_json(item)));
    }
  }

  static void add_part(message& to, json_view from) {
    const std::string_view type = from["type"].text();
    if (type == "input_text" || type == "output_text" || type == "text") {
      to.parts.push_back(part::text(std::string(from["text"].text())));
    } else if (type == "refusal") {
      to.parts.push_back(part::text(std::string(from["refusal"].text())));
    } else if (type == "input_image") {
      add_image(to, from["image_url"].text());
    } else {
      to.parts.push_back(part::json(std::string(type), to_json(from)));
    }
  }
};

}  // namespace detail
}  // namespace v0
}  // namespace orcast
