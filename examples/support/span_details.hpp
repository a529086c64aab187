// SPDX-License-Identifier: MIT
//
// The part of the trace page that opens below a span: its messages as a conversation on the left,
// its figures on the right, then events and, folded, every attribute as it arrived. All text of a
// span passes through escape_html() here and in trace_page.hpp, nowhere is it put in raw.

#pragma once

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/format.hpp"
#include "support/html.hpp"
#include "support/span_facts.hpp"
#include "support/trace_file.hpp"

namespace examples {
namespace detail {

inline std::string folded(std::string_view title, const std::string& body) {
  return "<details class=\"fold\"><summary>" + escape_html(title) + "</summary>" + body +
         "</details>";
}

inline std::string code_block(std::string_view text) {
  return "<pre>" + escape_html(pretty_json(text)) + "</pre>";
}

inline std::string tool_call_box(const message_tool_call& call) {
  return "<div class=\"call\"><span class=\"call-name\">" + escape_html(call.name) +
         "</span><pre>" + escape_html(pretty_json(call.arguments)) + "</pre></div>";
}

/// A bubble: who speaks, then reasoning (folded), text, other parts and tool calls.
inline std::string bubble(const message& from) {
  const bool known = from.role == "user" || from.role == "assistant" || from.role == "tool";
  std::string who = from.role.empty() ? "message" : from.role;
  if (!from.name.empty()) who += " \xC2\xB7 " + from.name;

  std::string body;
  for (const message_part& part : from.parts) {
    if (part.type == "reasoning") {
      body += folded("Reasoning", "<p class=\"said thought\">" + escape_html(part.text) + "</p>");
    }
  }
  if (!from.content.empty()) {
    body += from.role == "tool" ? code_block(from.content)
                                : "<p class=\"said\">" + escape_html(from.content) + "</p>";
  }
  for (const message_part& part : from.parts) {
    if (part.type == "reasoning") continue;
    if (part.type == "text") {
      if (from.content.empty()) body += "<p class=\"said\">" + escape_html(part.text) + "</p>";
    } else {
      // Shown as text, never loaded: the page asks nothing of the network.
      body += "<p class=\"said thought\">[" + escape_html(part.type) + "] " +
              escape_html(part.text.substr(0, 200)) + "</p>";
    }
  }
  for (const message_tool_call& call : from.tool_calls) body += tool_call_box(call);
  if (body.empty()) body = "<p class=\"said thought\">(empty)</p>";
  return "<div class=\"bubble " + (known ? from.role : std::string("system")) +
         "\"><span class=\"who\">" + escape_html(who) + "</span>" + body + "</div>";
}

inline std::string plain_bubble(const char* role, std::string_view who, std::string_view text) {
  return "<div class=\"bubble " + std::string(role) + "\"><span class=\"who\">" + escape_html(who) +
         "</span><p class=\"said\">" + escape_html(text) + "</p></div>";
}

inline std::string conversation(const trace_span& span) {
  const std::vector<message> in = messages_of(span, "llm.input_messages.");
  const std::vector<message> out = messages_of(span, "llm.output_messages.");
  std::string html;
  for (const message& each : in) html += bubble(each);
  if (!in.empty() && !out.empty()) html += "<p class=\"turn\"><span>answer</span></p>";
  for (const message& each : out) html += bubble(each);
  if (!html.empty()) return html;

  const auto value = [&span, &html](const char* what, const char* title, const char* role) {
    const std::string_view text = span.text(std::string(what) + ".value");
    if (text.empty()) return;
    if (span.text(std::string(what) + ".mime_type") == "application/json" ||
        kind_of(span) == "TOOL") {
      html += "<p class=\"label\">" + std::string(title) + "</p>" + code_block(text);
    } else {
      html += plain_bubble(role, title, text);
    }
  };
  value("input", "Input", "user");
  value("output", "Output", "assistant");
  return html;
}

/// Collects rows of a definition list and leaves out what the span does not know.
class fact_list {
 public:
  void add(std::string_view name, const std::string& value, std::string_view note = {}) {
    if (value.empty()) return;
    html_ += "<dt>" + escape_html(name) + "</dt><dd>" + escape_html(value);
    if (!note.empty()) html_ += "<small class=\"note\">" + escape_html(note) + "</small>";
    html_ += "</dd>";
  }
  void add_raw(std::string_view name, const std::string& html) {
    html_ += "<dt>" + escape_html(name) + "</dt><dd>" + html + "</dd>";
  }
  std::string html() const { return html_.empty() ? "" : "<dl class=\"facts\">" + html_ + "</dl>"; }

 private:
  std::string html_;
};

inline std::string count_text(const trace_span& span, std::string_view key) {
  const double* number = span.number(key);
  return number == nullptr ? "" : format_count(static_cast<std::int64_t>(*number));
}

inline std::string token_facts(const trace_span& span) {
  const double* prompt = span.number("llm.token_count.prompt");
  const double* completion = span.number("llm.token_count.completion");
  if (prompt == nullptr && completion == nullptr) return {};
  const auto part = [&span](const char* key, const char* name) {
    const double* number = span.number(key);
    if (number == nullptr || *number <= 0) return std::string();
    return std::string("<small class=\"note\">") + count_text(span, key) + " " + name + "</small>";
  };
  const double in = prompt == nullptr ? 0 : *prompt;
  const double out = completion == nullptr ? 0 : *completion;
  const double whole = (std::max)(in + out, 1.0);
  std::string html =
      "<span class=\"tokens\"><i class=\"in\" style=\"flex:" + format_fixed(in / whole, 3) +
      "\"></i><i class=\"out\" style=\"flex:" + format_fixed(out / whole, 3) + "\"></i></span>";
  html += count_text(span, "llm.token_count.prompt") + " in, " +
          count_text(span, "llm.token_count.completion") + " out, " +
          format_count(static_cast<std::int64_t>(in + out)) + " total";
  html += part("llm.token_count.prompt_details.cache_read", "in from cache") +
          part("llm.token_count.prompt_details.cache_write", "in written to cache") +
          part("llm.token_count.completion_details.reasoning", "out for reasoning");
  return html;
}

inline std::string facts(const trace_span& span) {
  fact_list list;
  const std::string_view asked = span.text("llm.request.model_name");
  const std::string model(span.text("llm.model_name"));
  list.add("Model", model.empty() ? std::string(span.text("embedding.model_name")) : model,
           asked.empty() || asked == model ? "" : "asked for " + std::string(asked));
  const std::string verbatim(span.text("openrouter.provider"));
  list.add("Provider", verbatim.empty() ? std::string(span.text("llm.provider")) : verbatim);
  list.add("Tool", std::string(span.text("tool.name")), span.text("tool.description"));
  if (const std::optional<double> first = first_token_ns(span)) {
    list.add("First token", format_duration(*first));
  }
  list.add("Duration", format_duration(static_cast<double>(span.end_ns - span.start_ns)));
  const std::string tokens = token_facts(span);
  if (!tokens.empty()) list.add_raw("Tokens", tokens);
  if (const double* cost = span.number("llm.cost.total")) {
    const double* in = span.number("llm.cost.prompt");
    const double* out = span.number("llm.cost.completion");
    list.add("Cost", format_cost(*cost),
             in != nullptr && out != nullptr
                 ? format_cost(*in) + " in, " + format_cost(*out) + " out"
                 : "");
  }
  list.add("Finish", std::string(span.text("llm.finish_reason")));
  list.add("Session", std::string(span.text("session.id")));
  list.add("User", std::string(span.text("user.id")));
  const auto tags = span.attributes.find("tag.tags");
  if (tags != span.attributes.end() && !tags->second.list.empty()) {
    std::string chips;
    for (const std::string& tag : tags->second.list) {
      chips += "<span class=\"tag\">" + escape_html(tag) + "</span>";
    }
    list.add_raw("Tags", chips);
  }
  list.add("Generation", std::string(span.text("openrouter.generation_id")));
  return list.html();
}

inline std::string failure_box(const trace_span& span) {
  if (outcome_of(span) != span_outcome::failed) return {};
  std::string html =
      "<div class=\"failure\"><strong>" +
      escape_html(span.status_message.empty() ? std::string("failed") : span.status_message) +
      "</strong>";
  for (const span_event& event : span.events) {
    if (event.name != "exception") continue;
    const auto text = [&event](const char* key) {
      const auto found = event.attributes.find(std::string_view(key));
      return found == event.attributes.end() ? std::string() : found->second.text;
    };
    html += "<p><code>" + escape_html(text("exception.type")) + "</code> " +
            escape_html(text("exception.message")) + "</p>";
    const std::string stack = text("exception.stacktrace");
    if (!stack.empty()) html += folded("Stack", "<pre>" + escape_html(stack) + "</pre>");
  }
  return html + "</div>";
}

/// The members of a JSON object as facts; other text as it is.
inline std::string metadata_list(std::string_view metadata) {
  boost::json::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(metadata.data(), metadata.size()), error);
  if (error || !value.is_object()) return code_block(metadata);
  fact_list list;
  for (const auto& member : value.get_object()) {
    list.add(member.key(), member.value().is_string() ? std::string(member.value().get_string())
                                                      : one_line(member.value()));
  }
  return list.html();
}

inline std::string event_list(const trace_span& span) {
  std::string html;
  for (const span_event& event : span.events) {
    html += "<li><time>+" + format_duration(static_cast<double>(event.time_ns - span.start_ns)) +
            "</time> " + escape_html(event.name);
    for (const auto& [key, value] : event.attributes) {
      if (key != "exception.stacktrace") {
        html += " <small>" + escape_html(key + " = " + value.text) + "</small>";
      }
    }
    html += "</li>";
  }
  return html.empty() ? html
                      : "<p class=\"label\">Events</p><ul class=\"events\">" + html + "</ul>";
}

inline std::string attribute_table(const trace_span& span) {
  std::string html = "<table class=\"raw\"><tr><th>trace, span</th><td>" +
                     escape_html(span.trace_id + ", " + span.span_id) + "</td></tr>";
  for (const auto& [key, value] : span.attributes) {
    html += "<tr><th>" + escape_html(key) + "</th><td>" + escape_html(value.text) + "</td></tr>";
  }
  return html + "</table>";
}

}  // namespace detail

/// Everything that opens below one span.
inline std::string render_span_details(const trace_span& span) {
  std::string folds;
  const std::string_view metadata = span.text("metadata");
  if (!metadata.empty()) {
    folds += "<p class=\"label\">Metadata</p>" + detail::metadata_list(metadata);
  }
  folds += detail::event_list(span);
  const std::string_view parameters = span.text("llm.invocation_parameters");
  if (!parameters.empty()) folds += detail::folded("Parameters", detail::code_block(parameters));
  std::string tools;
  for (const std::string& tool : tools_of(span)) tools += detail::code_block(tool);
  if (!tools.empty()) folds += detail::folded("Tools offered", tools);

  std::string said = detail::conversation(span);
  if (said.empty()) said = "<p class=\"said thought\">This span carries no messages.</p>";
  return "<div class=\"details\">" + detail::failure_box(span) + "<div class=\"talk\">" + said +
         "</div><div class=\"side\">" + detail::facts(span) + folds + "</div>" +
         detail::folded("All attributes", detail::attribute_table(span)) + "</div>";
}

}  // namespace examples
