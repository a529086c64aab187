// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orcast/openrouter/impl/span_text.hpp"
#include "orcast/openrouter/recording.hpp"
#include "orcast/trace/content_recorder.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"
#include "orcast/trace/scope.hpp"

// What calls and work spans take over from the scopes around them.

namespace orcast {
inline namespace v0 {
namespace detail {

/// Tags of the scopes, the outermost first.
inline void add_tags(const scope* from, std::vector<attribute_value>& to) {
  if (from == nullptr) return;
  add_tags(from->outer(), to);
  to.insert(to.end(), from->facts().tags, from->facts().tags + from->facts().tag_count);
}

/// Sets what the scopes say and a call does not say by itself.
inline void record_prompt_template(content_recorder& to, const scope* in) {
  constexpr content what = content::prompt_template;
  const struct {
    const key_text& key;
    std::string_view scope_facts::*text;
  } all[] = {{keys::llm_prompt_template_template, &scope_facts::prompt_template},
             {keys::llm_prompt_template_variables, &scope_facts::prompt_variables},
             {keys::llm_prompt_template_version, &scope_facts::prompt_version}};
  for (const auto& each : all) {
    const std::string_view text = scope::inherited(in, each.text);
    if (!text.empty()) to.set(what, each.key, text);
  }
}

/// The inner scopes' keys first; the first of each name counts.
inline void copy_scope_metadata(const scope* in, object_writer& to) {
  while (in != nullptr && in->facts().metadata.empty()) in = in->outer();
  if (in == nullptr) return;
  json_reader reader(json_manners::tolerant);  // lives on: `to` looks at the names that were read
  if (reader.parse(in->facts().metadata)) copy_members(reader.root(), to);
  copy_scope_metadata(in->outer(), to);
}

/// Whose it is: `session` and `user` are what came first of the call, its context and its scopes.
inline void record_identity(content_recorder& to, const recording& where, const scope* in,
                            std::string_view session, std::string_view user,
                            const std::vector<std::string>* own_tags) {
  span& into = to.into();
  if (where.frame() != 0) into.set(keys::orcast_frame_start, where.frame());
  if (!session.empty()) into.set(keys::session_id, session);
  std::string shown;
  where.users.append(user, shown);
  if (!shown.empty()) into.set(keys::user_id, shown);
  std::vector<attribute_value> tags;
  add_tags(in, tags);
  if (own_tags != nullptr) tags.insert(tags.end(), own_tags->begin(), own_tags->end());
  if (!tags.empty()) into.set_list(keys::tag_tags, tags.data(), tags.size());
  record_prompt_template(to, in);
}

}  // namespace detail
}  // namespace v0
}  // namespace orcast
