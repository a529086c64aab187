// SPDX-License-Identifier: MIT
//
// One HTML file that shows what a collector received: totals, sessions, and each trace as a
// waterfall whose rows open to messages, tokens and cost. It opens from disk and loads nothing:
// style and script are inline, and its content policy forbids everything else, so that a prompt
// that contains markup stays text.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/format.hpp"
#include "support/frame_stats.hpp"
#include "support/html.hpp"
#include "support/span_details.hpp"
#include "support/span_facts.hpp"
#include "support/trace_file.hpp"
#include "support/trace_page_assets.hpp"
#include "support/trace_tree.hpp"

namespace examples {
namespace detail {

/// The step of a time axis: 1, 2 or 5 times a power of ten, four to eight of them.
inline double axis_step_ns(double whole_ns) {
  const double rough = (std::max)(whole_ns, 1000.0) / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

inline std::string axis_label(double ns, double step_ns) {
  if (ns == 0) return "0";
  if (step_ns >= 1e8) return format_fixed(ns / 1e9, step_ns >= 1e9 ? 0 : 1) + " s";
  if (step_ns >= 1e6) return format_fixed(ns / 1e6, 0) + " ms";
  return format_fixed(ns / 1e6, 3) + " ms";
}

inline std::string percent(double share) { return format_fixed(share, 3) + "%"; }

inline std::string axis(double whole_ns) {
  const double step = axis_step_ns(whole_ns);
  std::string html = "<div class=\"axis\">";
  for (double at = 0; at <= whole_ns; at += step) {
    if (at > whole_ns * 0.95) break;  // its label would run out of the page
    html += "<span style=\"left:" + percent(100 * at / whole_ns) + "\">" + axis_label(at, step) +
            "</span>";
  }
  return html + "</div>";
}

inline std::string chip(std::string_view kind) {
  static constexpr std::string_view own[] = {"AGENT",     "LLM",       "TOOL",      "CHAIN",
                                             "EMBEDDING", "RETRIEVER", "GUARDRAIL", "RERANKER"};
  const bool styled = std::find(std::begin(own), std::end(own), kind) != std::end(own);
  return "<span class=\"kind " + (styled ? std::string(kind) : "CHAIN") + "\">" +
         escape_html(kind) + "</span>";
}

inline std::string outcome_chip(span_outcome outcome) {
  if (outcome == span_outcome::failed) return "<span class=\"outcome failed\">error</span>";
  if (outcome == span_outcome::cancelled) {
    return "<span class=\"outcome cancelled\">cancelled</span>";
  }
  return {};
}

inline const char* outcome_class(span_outcome outcome) {
  if (outcome == span_outcome::failed) return " failed";
  return outcome == span_outcome::cancelled ? " cancelled" : "";
}

/// The bar: pale until the first token, full from there on, with a tick between the two.
inline std::string bar(const trace& of, const trace_span& span) {
  const double left = of.share(span.start_ns);
  const double width = of.share(span.end_ns) - left;
  std::string inner;
  std::string tip = format_duration(static_cast<double>(span.end_ns - span.start_ns));
  const std::optional<double> first = first_token_ns(span);
  const auto whole = static_cast<double>(span.end_ns - span.start_ns);
  if (first && *first <= whole && whole > 0) {
    inner = "<i style=\"left:" + percent(100 * *first / whole) + "\"></i>";
    tip += ", first token after " + format_duration(*first);
  }
  return "<span class=\"lane\"><span class=\"bar " + std::string(first ? "streamed " : "") +
         escape_html(kind_of(span)) + outcome_class(outcome_of(span)) + "\" title=\"" + tip +
         "\" style=\"left:" + percent((std::min)(left, 99.7)) + ";width:" + percent(width) + "\">" +
         inner + "</span></span>";
}

inline std::string row(const trace& of, const trace_row& at) {
  const trace_span& span = *at.span;
  return "<details class=\"span\"><summary><span class=\"name\" style=\"--depth:" +
         std::to_string(at.depth) + "\">" + chip(kind_of(span)) + "<span class=\"label-text\">" +
         escape_html(span.name) + "</span>" + outcome_chip(outcome_of(span)) + "</span>" +
         bar(of, span) + "<span class=\"took\">" +
         format_duration(static_cast<double>(span.end_ns - span.start_ns)) + "</span></summary>" +
         render_span_details(span) + "</details>";
}

inline std::string article(const trace& of, std::size_t number, std::size_t session,
                           std::int64_t page_start_ns) {
  const auto whole = static_cast<double>((std::max)(of.end_ns - of.start_ns, std::int64_t{1}));
  std::string html = "<article class=\"trace\" id=\"trace-" + std::to_string(number) +
                     "\" data-session=\"" + std::to_string(session) +
                     "\" style=\"--step:" + percent(100 * axis_step_ns(whole) / whole) + "\">";
  html += "<header><h3>" + escape_html(of.title()) + outcome_chip(outcome_of(of)) + "</h3><p>at " +
          format_fixed(static_cast<double>(of.start_ns - page_start_ns) / 1e9, 2) + " s<b>" +
          format_duration(whole) + "</b>";
  if (of.totals.tokens() > 0) html += format_count(of.totals.tokens()) + " tokens";
  if (of.totals.cost_known) html += "<b>" + format_cost(of.totals.cost) + "</b>";
  html += "</p></header>";
  const std::string_view asked = of.root().text("input.value");
  const std::string_view answered = of.root().text("output.value");
  if (!asked.empty() || !answered.empty()) {
    html += "<p class=\"gist\"><span>" + escape_html(asked) + "</span><span>" +
            escape_html(answered) + "</span></p>";
  }
  html += "<div class=\"waterfall\">" + axis(whole);
  for (const trace_row& each : of.rows) html += row(of, each);
  return html + "</div></article>";
}

/// All traces on one axis, each in the first lane that is free: shows how many ran at a time.
inline std::string overview(const std::vector<trace>& traces, std::int64_t start, std::int64_t end,
                            const std::vector<std::size_t>& sessions) {
  const auto whole = static_cast<double>((std::max)(end - start, std::int64_t{1}));
  std::vector<std::int64_t> lane_ends;
  std::vector<std::string> lanes;
  for (std::size_t i = 0; i < traces.size(); ++i) {
    const trace& each = traces[i];
    std::size_t lane = 0;
    while (lane < lanes.size() && lane_ends[lane] > each.start_ns) ++lane;
    if (lane == lanes.size()) {
      lanes.emplace_back();
      lane_ends.push_back(0);
    }
    lane_ends[lane] = each.end_ns;
    lanes[lane] +=
        "<a href=\"#trace-" + std::to_string(i) + "\" class=\"turn-bar" +
        outcome_class(outcome_of(each)) + "\" data-session=\"" + std::to_string(sessions[i]) +
        "\" title=\"" + escape_html(each.title()) + ", " +
        format_duration(static_cast<double>(each.end_ns - each.start_ns)) +
        "\" style=\"left:" + percent(100 * static_cast<double>(each.start_ns - start) / whole) +
        ";width:" + percent(100 * static_cast<double>(each.end_ns - each.start_ns) / whole) +
        "\">" + escape_html(each.title()) + "</a>";
  }
  std::string html = "<section class=\"card overview" +
                     std::string(lanes.size() > 12 || traces.size() > 120 ? " dense" : "") +
                     "\" style=\"--step:" + percent(100 * axis_step_ns(whole) / whole) + "\">" +
                     axis(whole);
  for (const std::string& lane : lanes) html += "<div class=\"lane\">" + lane + "</div>";
  return html + "</section>";
}

inline std::string tile(const char* name, const std::string& value, const std::string& note) {
  return "<div><dt>" + std::string(name) + "</dt><dd>" + value + "</dd><dd class=\"note\">" + note +
         "</dd></div>";
}

inline std::string tiles(const call_totals& all, std::size_t traces) {
  std::string html = "<dl class=\"totals\">";
  html += tile("Calls", format_count(all.calls),
               "in " + format_count(static_cast<std::int64_t>(traces)) + " traces");
  html += tile(
      "Tokens", format_count(all.tokens()),
      format_count(all.prompt_tokens) + " in, " + format_count(all.completion_tokens) + " out");
  html +=
      tile("Cost", all.cost_text(),
           !all.cost_known ? "&nbsp;"
                           : format_cost(all.cost / static_cast<double>(all.calls)) + " a call");
  const bool streamed = !all.first_token_ns.empty();
  html += tile("First token", streamed ? format_duration(percentile(all.first_token_ns, 0.5)) : "-",
               streamed ? "median, max " + format_duration(percentile(all.first_token_ns, 1))
                        : "no streamed call");
  html += tile(
      "Duration", all.calls == 0 ? "-" : format_duration(percentile(all.latency_ns, 0.5)),
      all.calls == 0 ? "&nbsp;" : "median, max " + format_duration(percentile(all.latency_ns, 1)));
  html += tile(all.failed == 0 ? "Errors" : "Errors<i></i>", format_count(all.failed),
               all.cancelled == 0 ? "none cancelled" : format_count(all.cancelled) + " cancelled");
  return html + "</dl>";
}

struct session_row {
  std::string id;
  std::string user;
  std::int64_t turns = 0;
  call_totals totals;
};

inline std::string session_table(const std::vector<session_row>& sessions) {
  std::string html =
      "<section class=\"card sessions\"><table><thead><tr><th>Session</th><th>User</th>"
      "<th>Traces</th><th>Calls</th><th>Tokens</th><th>Cost</th><th>Errors</th></tr></thead>"
      "<tbody>";
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const session_row& each = sessions[i];
    const std::string id = each.id.empty() ? "(no session)" : escape_html(each.id);
    html += "<tr><th><button type=\"button\" data-filter=\"" + std::to_string(i) + "\">" + id +
            "</button></th><td>" + escape_html(each.user) + "</td><td>" + format_count(each.turns) +
            "</td><td>" + format_count(each.totals.calls) + "</td><td>" +
            format_count(each.totals.tokens()) + "</td><td>" + each.totals.cost_text() +
            "</td><td" + (each.totals.failed > 0 ? " class=\"failed\">" : ">") +
            format_count(each.totals.failed) + "</td></tr>";
  }
  return html + "</tbody></table></section>";
}

}  // namespace detail

struct trace_page_options {
  /// In the title and the page's head; empty: the project's name.
  std::string title;
};

/// `otlp_json_lines` is one OTLP JSON export request a line.
inline std::string render_trace_page(std::string_view otlp_json_lines,
                                     const trace_page_options& options = {}) {
  const trace_file file = read_trace_file(otlp_json_lines);
  const std::vector<trace> traces = build_traces(file);

  call_totals all;
  std::vector<detail::session_row> sessions;
  std::vector<std::size_t> session_of;
  std::int64_t start = 0, end = 0;
  for (const trace& each : traces) {
    start = session_of.empty() ? each.start_ns : (std::min)(start, each.start_ns);
    end = (std::max)(end, each.end_ns);
    auto at = std::find_if(sessions.begin(), sessions.end(),
                           [&each](const auto& session) { return session.id == each.session; });
    if (at == sessions.end()) at = sessions.insert(at, {each.session, each.user, 0, {}});
    session_of.push_back(static_cast<std::size_t>(at - sessions.begin()));
    ++at->turns;
    for (const trace_row& row : each.rows) {
      all.add(*row.span);
      at->totals.add(*row.span);
    }
  }

  std::string title = options.title.empty() ? file.project : options.title;
  if (title.empty()) title = "Traces";
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'sha256-";
  html += trace_page_script_sha256;
  html += "'\"><title>" + escape_html(title) + "</title>\n<style>";
  html += trace_page_style;
  html +=
      "</style></head>\n<body><main><header class=\"top\"><h1>" + escape_html(title) + "</h1><p>";
  if (!file.service.empty() && file.service != title)
    html += escape_html(file.service) + " \xC2\xB7 ";
  html += traces.empty() ? std::string("no spans arrived")
                         : format_utc(start) + " \xC2\xB7 " +
                               format_count(static_cast<std::int64_t>(file.spans.size())) +
                               " spans in " + format_duration(static_cast<double>(end - start));
  html += "</p></header>\n";
  if (file.unreadable_lines > 0) {
    html += "<p class=\"warning\">Lines that were not OTLP JSON and are left out: " +
            std::to_string(file.unreadable_lines) + "</p>";
  }
  if (!traces.empty()) {
    html += detail::tiles(all, traces.size());
    html += "<h2>Timeline</h2>" + detail::overview(traces, start, end, session_of);
    if (sessions.size() > 1 || !sessions.front().id.empty()) {
      html += "<h2>Sessions</h2>" + detail::session_table(sessions);
    }
    html +=
        "<h2>Traces<span class=\"hint\">a row opens to its messages</span>"
        "<button type=\"button\" id=\"all\" hidden>Open all</button></h2>\n";
    for (std::size_t i = 0; i < traces.size(); ++i) {
      html += detail::article(traces[i], i, session_of[i], start) + "\n";
    }
  }
  html += "</main><script>";
  html += trace_page_script;
  return html + "</script></body></html>\n";
}

}  // namespace examples
