// SPDX-License-Identifier: MIT
//
// The report at the end of a run, as plain text: what was said, a line for each call, frame times
// with and without tracing, what became of every span, and where the files are. It knows nothing of
// the client or the tracer; main.cpp fills it in.

#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/format.hpp"
#include "support/frame_stats.hpp"
#include "support/table.hpp"

namespace game_loop {

/// One thing that was said; in brackets, done.
struct spoken_line {
  double at_s = 0;
  std::string who, text;
};

/// One request to OpenRouter. What the answer did not tell stays empty and is shown as "-".
struct call_line {
  std::string npc, model, provider;
  std::optional<std::int64_t> prompt_tokens, completion_tokens;
  std::optional<double> cost;
  std::optional<double> first_token_ns;
  double latency_ns = 0;
  std::string status;  ///< "ok", "cancelled", or the failure's code; the conversation has its words
};

struct frame_line {
  std::string what;  ///< "tracing on", "tracing off"
  examples::frame_stats frames;
};

/// What became of the spans. `dropped` and `held` list only what happened.
struct span_account {
  std::uint64_t started = 0, exported = 0, held = 0;
  std::vector<std::pair<std::string, std::uint64_t>> dropped;  ///< (reason, spans)
  bool at_arize = true;                                        ///< or the stand-in; false: Phoenix
  std::optional<std::uint64_t> arrived;  ///< counted by the stand-in; unknown with the real Arize
  std::vector<std::string> violations;   ///< what the stand-in found wrong with them
  std::string trouble;                   ///< what the exporter ran into last, one line

  /// The example's verdict, and its exit status.
  bool complete() const {
    return exported == started && held == 0 && dropped.empty() && violations.empty() &&
           (!arrived || *arrived == started);
  }
};

struct report {
  std::vector<spoken_line> conversation;
  std::vector<call_line> calls;
  std::vector<frame_line> frames;
  std::string frames_note;                                 ///< one line, where one is needed
  std::optional<span_account> spans;                       ///< none: tracing was off
  std::vector<std::pair<std::string, std::string>> files;  ///< (what, path)
};

namespace detail {

inline std::string heading(std::string_view text, bool colour) {
  return "\n" + (colour ? "\x1b[1m" + std::string(text) + "\x1b[0m" : std::string(text)) + "\n";
}

inline std::string conversation_text(const std::vector<spoken_line>& lines, std::size_t width) {
  std::size_t names = 0;
  for (const spoken_line& line : lines) {
    names = (std::max)(names, examples::display_width(line.who));
  }
  const std::size_t margin = 2 + 6 + 2 + names + 2;
  const std::size_t room = width > margin + 20 ? width - margin : 20;
  std::string out;
  for (const spoken_line& line : lines) {
    const std::string at = examples::format_fixed(line.at_s, 1) + " s";
    std::string head = "  " + std::string(at.size() < 6 ? 6 - at.size() : 0, ' ') + at + "  " +
                       line.who + std::string(names - examples::display_width(line.who) + 2, ' ');
    for (const std::string& part : examples::wrap(examples::printable(line.text), room)) {
      out += head + part + "\n";
      head.assign(margin, ' ');
    }
  }
  return out;
}

inline std::string call_table(const std::vector<call_line>& calls) {
  using column = examples::table::column;
  constexpr auto right = examples::table::align::right;
  examples::table table({column{"NPC"},
                         {"model"},
                         {"provider"},
                         {"in", right},
                         {"out", right},
                         {"cost", right},
                         {"first token", right},
                         {"latency", right},
                         {"status"}});
  const auto count = [](const std::optional<std::int64_t>& value) {
    return value ? examples::format_count(*value) : std::string("-");
  };
  // The same number of digits in each row, so that the column can be compared at a glance.
  const auto dollars = [](double cost) {
    return cost == 0 ? std::string("$0") : "$" + examples::format_fixed(cost, 7);
  };
  std::int64_t in = 0, out = 0;
  double cost = 0;
  for (const call_line& call : calls) {
    in += call.prompt_tokens.value_or(0);
    out += call.completion_tokens.value_or(0);
    cost += call.cost.value_or(0);
    table.add({call.npc, call.model, call.provider.empty() ? "-" : call.provider,
               count(call.prompt_tokens), count(call.completion_tokens),
               call.cost ? dollars(*call.cost) : "-",
               call.first_token_ns ? examples::format_duration(*call.first_token_ns) : "-",
               examples::format_duration(call.latency_ns),
               examples::shorten(examples::printable(call.status), 40)});
  }
  table.add({"", std::to_string(calls.size()) + " calls", "", examples::format_count(in),
             examples::format_count(out), dollars(cost)});
  return table.text();
}

inline std::string frame_table(const std::vector<frame_line>& lines, std::int64_t budget_ns) {
  constexpr auto right = examples::table::align::right;
  examples::table table({{"", examples::table::align::left},
                         {"frames", right},
                         {"p50", right},
                         {"p99", right},
                         {"max", right},
                         {"over budget", right}});
  const auto ms = [](double ns) { return examples::format_fixed(ns / 1e6, 3) + " ms"; };
  for (const frame_line& line : lines) {
    const examples::frame_stats& frames = line.frames;
    table.add({line.what, examples::format_count(static_cast<std::int64_t>(frames.count())),
               ms(frames.p50_ns()), ms(frames.p99_ns()), ms(frames.max_ns()),
               std::to_string(frames.over(budget_ns))});
  }
  return table.text();
}

inline std::string span_text(const span_account& spans) {
  std::string out = "  " + std::to_string(spans.started) + " started, " +
                    std::to_string(spans.exported) + " exported, " + std::to_string(spans.held) +
                    " held, ";
  std::uint64_t dropped = 0;
  std::string reasons;
  for (const auto& [reason, count] : spans.dropped) {
    dropped += count;
    reasons += (reasons.empty() ? " (" : ", ") + std::to_string(count) + " " + reason;
  }
  out += std::to_string(dropped) + " dropped" + (reasons.empty() ? "" : reasons + ")") + "\n";
  if (spans.arrived) {
    out += "  " + std::to_string(*spans.arrived) + " arrived at the Arize stand-in, " +
           (spans.violations.empty() ? std::string("every one as it should be")
                                     : std::to_string(spans.violations.size()) + " complaints:") +
           "\n";
  } else if (spans.at_arize && spans.exported > 0) {
    out += "  Arize accepts what it will not show, too (a wrong space, for one): look there once\n";
  }
  for (const std::string& violation : spans.violations) {
    out += "    " + examples::printable(violation) + "\n";
  }
  if (!spans.trouble.empty()) out += "  " + examples::printable(spans.trouble) + "\n";
  return out;
}

}  // namespace detail

/// `width` in character cells wraps the conversation; tables keep their own. `colour` makes
/// headings bold and nothing else.
inline std::string report_text(const report& from, std::int64_t frame_budget_ns, std::size_t width,
                               bool colour) {
  std::string out = detail::heading("Conversation", colour);
  out += detail::conversation_text(from.conversation, width);
  out += detail::heading("Calls", colour) + detail::call_table(from.calls);
  out += detail::heading("Frame time (work of a frame, of " +
                             examples::format_fixed(static_cast<double>(frame_budget_ns) / 1e6, 2) +
                             " ms)",
                         colour);
  out += detail::frame_table(from.frames, frame_budget_ns);
  if (!from.frames_note.empty()) out += "  " + from.frames_note + "\n";
  if (from.spans) out += detail::heading("Spans", colour) + detail::span_text(*from.spans);
  if (!from.files.empty()) {
    examples::table files({{"", examples::table::align::left}, {"", examples::table::align::left}});
    for (const auto& [what, path] : from.files) files.add({what, path});
    out += detail::heading("Files", colour) + files.text();
  }
  return out;
}

}  // namespace game_loop
