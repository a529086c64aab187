// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "orcast/config.hpp"

// Which attributes are content, by their names: what privacy mode keeps from a destination while
// another one gets everything. Where no destination gets content, none is recorded in the first
// place (trace/content_recorder.hpp); this also covers what a program sets by hand.

namespace orcast {
inline namespace v0 {

/// Prompts, answers, tools' arguments and results, templates, documents, what is embedded - and
/// their types and roles, which say nothing without them. Ids, names, models, counts, costs, times,
/// session, user and metadata are none.
constexpr bool is_content(std::string_view key) noexcept {
  constexpr std::string_view beginnings[] = {"input.",
                                             "output.",
                                             "llm.input_messages",
                                             "llm.output_messages",
                                             "llm.prompts",
                                             "llm.choices",
                                             "llm.prompt_template.",
                                             "llm.tools",
                                             "llm.function_call",
                                             "tool.description",
                                             "tool.parameters",
                                             "tool.json_schema",
                                             "message.",
                                             "message_content.",
                                             "tool_call.",
                                             "audio.",
                                             "image.",
                                             "video.",
                                             "document.",
                                             "retrieval.documents",
                                             "reranker.query",
                                             "reranker.input_documents",
                                             "reranker.output_documents",
                                             "embedding.embeddings",
                                             "embedding.text",
                                             "embedding.vector",
                                             "prompt.text",
                                             "completion.text",
                                             "gen_ai.input.",
                                             "gen_ai.output.messages",
                                             "gen_ai.system_instructions",
                                             "gen_ai.prompt",
                                             "gen_ai.completion",
                                             "gen_ai.request.stop_sequences",
                                             "gen_ai.tool.description",
                                             "gen_ai.tool.definitions",
                                             "gen_ai.tool.call.arguments",
                                             "gen_ai.tool.call.result"};
  for (const std::string_view each : beginnings) {
    if (key.substr(0, each.size()) == each) return true;
  }
  constexpr std::string_view judged = ".explanation";  // it may quote what it judges
  return key.size() > judged.size() && key.substr(key.size() - judged.size()) == judged;
}

/// The same, and what may quote content when it was recorded for somebody who gets all of it:
/// parameters with free text in them, and the words of errors.
constexpr bool is_or_quotes_content(std::string_view key) noexcept {
  return is_content(key) || key == "llm.invocation_parameters" ||
         key == "embedding.invocation_parameters" || key == "exception.message" ||
         key == "exception.stacktrace";
}

}  // namespace v0
}  // namespace orcast
