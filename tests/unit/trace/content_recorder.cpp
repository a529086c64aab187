// SPDX-License-Identifier: MIT
#include "orcast/trace/content_recorder.hpp"

#include "orcast/trace/openinference_keys.hpp"
#include "support/catch.hpp"
#include "support/spans.hpp"

using namespace orcast;

namespace {

test::plain_span record(const content_policy& policy, std::string_view text) {
  auto traces = test::a_tracer();
  {
    span one = traces->start("one");
    content_recorder to(one, policy);
    to.set(content::input_value, keys::input_value, text);
    to.set(content::input_text, keys::llm_input_part_text(3, 14), text);
    to.set(content::tools, "a key of the host's", text);
  }
  return test::drain(*traces).at(0);
}

}  // namespace

TEST_CASE("content is kept, replaced or left out as the policy says") {
  content_policy policy;
  CHECK(record(policy, "hello").attributes.size() == 3);
  policy.hide.hide_inputs = true;
  const auto hidden = record(policy, "hello");
  CHECK(hidden.attributes.size() == 1);
  CHECK(hidden.at("input.value") == "__REDACTED__");
  policy.privacy = true;
  CHECK(record(policy, "hello").attributes.empty());
}

TEST_CASE("the host's function sees names and texts, and may change or refuse each") {
  struct seen {
    std::vector<std::string> names;
  } told;
  content_policy policy;
  policy.redact.context = &told;
  policy.redact.function = [](void* context, content what, std::string_view key,
                              std::string& text) {
    static_cast<seen*>(context)->names.emplace_back(key);
    if (what == content::tools) return false;
    const std::size_t at = text.find("Mara");
    if (at != std::string::npos) text.replace(at, 4, "***");
    return true;
  };
  const auto span = record(policy, "I am Mara.");
  CHECK(told.names ==
        std::vector<std::string>{"input.value",
                                 "llm.input_messages.3.message.contents.14.message_content.text",
                                 "a key of the host's"});
  CHECK(span.at("input.value") == "I am ***.");
  CHECK(span.at(told.names[1]) == "I am ***.");
  CHECK_FALSE(span.has("a key of the host's"));
}

TEST_CASE("the host's function does not see what a mask hides") {
  int calls = 0;
  content_policy policy;
  policy.privacy = true;
  policy.redact.context = &calls;
  policy.redact.function = [](void* context, content, std::string_view, std::string&) {
    ++*static_cast<int*>(context);
    return true;
  };
  CHECK(record(policy, "hello").attributes.empty());
  CHECK(calls == 0);
}
