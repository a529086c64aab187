// SPDX-License-Identifier: MIT
//
// Spans put together to traces, each a tree in the order in which it is shown, with the sums over
// its model calls. A file may hold spans whose parent is missing, twice the same span or parents in
// a circle: every span is shown once all the same.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/format.hpp"
#include "support/span_facts.hpp"
#include "support/trace_file.hpp"

namespace examples {

/// Sums over the model calls of one trace, one session or the whole page.
struct call_totals {
  std::int64_t calls = 0, prompt_tokens = 0, completion_tokens = 0, failed = 0, cancelled = 0;
  double cost = 0;
  bool cost_known = false;
  std::vector<double> first_token_ns, latency_ns;

  void add(const trace_span& span) {
    if (outcome_of(span) == span_outcome::failed && kind_of(span) == "TOOL") ++failed;
    if (!is_model_call(span)) return;
    const auto number = [&span](const char* key) {
      const double* found = span.number(key);
      return found == nullptr ? 0.0 : *found;
    };
    ++calls;
    prompt_tokens += static_cast<std::int64_t>(number("llm.token_count.prompt"));
    completion_tokens += static_cast<std::int64_t>(number("llm.token_count.completion"));
    cost += number("llm.cost.total");
    cost_known = cost_known || span.number("llm.cost.total") != nullptr;
    if (outcome_of(span) == span_outcome::failed) ++failed;
    if (outcome_of(span) == span_outcome::cancelled) ++cancelled;
    if (const std::optional<double> first = examples::first_token_ns(span)) {
      first_token_ns.push_back(*first);
    }
    latency_ns.push_back(static_cast<double>(span.end_ns - span.start_ns));
  }
  std::int64_t tokens() const { return prompt_tokens + completion_tokens; }
  /// A call that was cancelled or failed has no price; that is not the same as free.
  std::string cost_text() const { return cost_known ? format_cost(cost) : "-"; }
};

struct trace_row {
  const trace_span* span;
  int depth;
};

/// One trace: its spans as a tree in depth-first order, children by start.
struct trace {
  std::string id, session, user;
  std::vector<trace_row> rows;
  std::int64_t start_ns = 0, end_ns = 0;
  call_totals totals;

  const trace_span& root() const { return *rows.front().span; }
  /// An agent's name says more than the span's.
  std::string title() const {
    const std::string_view agent = root().text("agent.name");
    return agent.empty() ? root().name : std::string(agent);
  }
  double share(std::int64_t ns) const {
    const double whole = static_cast<double>((std::max)(end_ns - start_ns, std::int64_t{1}));
    return 100.0 * static_cast<double>(ns - start_ns) / whole;
  }
};

/// The worst that happened in it.
inline span_outcome outcome_of(const trace& of) {
  if (of.totals.failed > 0) return span_outcome::failed;
  const span_outcome root = outcome_of(of.root());
  return root == span_outcome::fine && of.totals.cancelled > 0 ? span_outcome::cancelled : root;
}

namespace detail {

inline void append_subtree(const trace_span& span, int depth,
                           const std::multimap<std::string_view, const trace_span*>& children,
                           std::set<const trace_span*>& seen, std::vector<trace_row>& rows) {
  if (!seen.insert(&span).second) return;  // a parent cycle, or an id that was sent twice
  rows.push_back({&span, depth});
  const auto [first, last] = children.equal_range(span.span_id);
  for (auto at = first; at != last; ++at) {
    append_subtree(*at->second, (std::min)(depth + 1, 32), children, seen, rows);
  }
}

inline trace build_trace(std::vector<const trace_span*> spans) {
  std::stable_sort(spans.begin(), spans.end(), [](const trace_span* a, const trace_span* b) {
    return a->start_ns < b->start_ns;
  });
  std::set<std::string_view> known;
  std::multimap<std::string_view, const trace_span*> children;
  for (const trace_span* span : spans) known.insert(span->span_id);
  for (const trace_span* span : spans) children.emplace(span->parent_id, span);

  trace out;
  std::set<const trace_span*> seen;
  const auto is_root = [&known](const trace_span* span) {
    return span->parent_id.empty() || known.count(span->parent_id) == 0;
  };
  for (const trace_span* span : spans) {
    if (is_root(span)) append_subtree(*span, 0, children, seen, out.rows);
  }
  for (const trace_span* span : spans) append_subtree(*span, 0, children, seen, out.rows);

  out.id = spans.front()->trace_id;
  out.start_ns = spans.front()->start_ns;
  out.end_ns = spans.front()->end_ns;
  for (const trace_span* span : spans) {
    out.end_ns = (std::max)(out.end_ns, span->end_ns);
    out.totals.add(*span);
    if (out.session.empty()) out.session = span->text("session.id");
    if (out.user.empty()) out.user = span->text("user.id");
  }
  return out;
}

}  // namespace detail

/// By start. The traces point into the file's spans.
inline std::vector<trace> build_traces(const trace_file& file) {
  std::map<std::string_view, std::vector<const trace_span*>> by_trace;
  for (const trace_span& span : file.spans) by_trace[span.trace_id].push_back(&span);
  std::vector<trace> out;
  for (auto& entry : by_trace) out.push_back(detail::build_trace(std::move(entry.second)));
  std::stable_sort(out.begin(), out.end(),
                   [](const trace& a, const trace& b) { return a.start_ns < b.start_ns; });
  return out;
}

}  // namespace examples
