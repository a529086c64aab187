// SPDX-License-Identifier: MIT
#include "orcast/trace/masks.hpp"

#include <cstdlib>

#include "support/catch.hpp"

using namespace orcast;

namespace {

/// One variable for the time of a test.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

constexpr content everything[] = {content::input_value,
                                  content::input_mime_type,
                                  content::output_value,
                                  content::output_mime_type,
                                  content::input_message,
                                  content::input_text,
                                  content::input_image,
                                  content::output_message,
                                  content::output_text,
                                  content::output_image,
                                  content::invocation_parameters,
                                  content::parameter,
                                  content::tools,
                                  content::prompt,
                                  content::choice,
                                  content::prompt_template,
                                  content::embedding_text,
                                  content::embedding_vector,
                                  content::input_document,
                                  content::output_document,
                                  content::error_words};

/// Which kinds of content are left out (-), replaced (_) or kept (+), in the order above.
std::string fates(const masks& hide, bool privacy = false) {
  std::string out;
  for (content what : everything) {
    const content_fate fate = fate_of(what, hide, privacy);
    out += fate == content_fate::kept ? '+' : fate == content_fate::replaced ? '_' : '-';
  }
  return out;
}

std::string with(bool masks::*mask) {
  masks hide;
  hide.*mask = true;
  return fates(hide);
}

}  // namespace

TEST_CASE("each mask hides what OpenInference's does, and in its way") {
  // in: value, type; out: value, type; in: message text image; out: message text image;
  // parameters, parameter, tools, prompt, choice, template, text, vector, documents in, out; words
  CHECK(fates({}) == "+++++++++++++++++++++");
  CHECK(with(&masks::hide_inputs) == "_-++---++++--_+-++-+-");
  CHECK(with(&masks::hide_outputs) == "++_-+++---++++_++++-+");
  CHECK(with(&masks::hide_input_messages) == "++++---+++++++++++++-");
  CHECK(with(&masks::hide_output_messages) == "+++++++---+++++++++++");
  CHECK(with(&masks::hide_input_images) == "++++++-++++++++++++++");
  CHECK(with(&masks::hide_input_text) == "+++++_++++++++++++++-");
  CHECK(with(&masks::hide_output_text) == "++++++++_++++++++++++");
  CHECK(with(&masks::hide_prompts) == "+++++++++++++_++++++-");
  CHECK(with(&masks::hide_choices) == "++++++++++++++_++++++");
  CHECK(with(&masks::hide_llm_invocation_parameters) == "++++++++++-++++++++++");
  CHECK(with(&masks::hide_llm_tools) == "++++++++++++-++++++++");
  CHECK(with(&masks::hide_embeddings_vectors) == "+++++++++++++++++_+++");
  CHECK(with(&masks::hide_embeddings_text) == "++++++++++++++++_++++");
}

TEST_CASE("privacy mode leaves out everything but the parameters on its list") {
  CHECK(fates({}, true) == "----------+----------");
  masks hide;
  hide.hide_llm_invocation_parameters = true;
  CHECK(fates(hide, true) == "---------------------");
}

TEST_CASE("an earlier rule wins over a later one") {
  masks hide;
  hide.hide_input_messages = true;
  hide.hide_input_text = true;  // would replace
  CHECK(fate_of(content::input_text, hide, false) == content_fate::left_out);
  hide = {};
  hide.hide_input_text = true;
  hide.hide_input_images = true;
  CHECK(fate_of(content::input_text, hide, false) == content_fate::replaced);
  CHECK(fate_of(content::input_image, hide, false) == content_fate::left_out);
}

TEST_CASE("masks are read from OpenInference's variables") {
  CHECK(fates(masks::from_environment()) == fates({}));
  const variable inputs("OPENINFERENCE_HIDE_INPUTS", "TRUE");
  const variable outputs("OPENINFERENCE_HIDE_OUTPUTS", "t");
  const variable tools("OPENINFERENCE_HIDE_LLM_TOOLS", "1");
  const variable text("OPENINFERENCE_HIDE_INPUT_TEXT", "False");
  const variable choices("OPENINFERENCE_HIDE_CHOICES", "0");
  const variable empty("OPENINFERENCE_HIDE_PROMPTS", "");
  const variable limit("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "32000");
  const variable older("OPENINFERENCE_HIDE_EMBEDDING_VECTORS", "true");
  const variable newer("OPENINFERENCE_HIDE_EMBEDDINGS_VECTORS", "false");
  std::string complaints;
  const masks read = masks::from_environment(&complaints);
  CHECK(complaints.empty());
  CHECK(read.hide_inputs);
  CHECK(read.hide_outputs);
  CHECK(read.hide_llm_tools);
  CHECK(read.hide_embeddings_vectors);
  CHECK_FALSE(read.hide_input_text);
  CHECK_FALSE(read.hide_choices);
  CHECK_FALSE(read.hide_prompts);
  CHECK(read.base64_image_max_length == 32000);
}

TEST_CASE("a mask that is neither true nor false is reported and not used") {
  const variable inputs("OPENINFERENCE_HIDE_INPUTS", "yes");
  const variable limit("OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH", "-1");
  std::string complaints;
  const masks read = masks::from_environment(&complaints);
  CHECK_FALSE(read.hide_inputs);
  CHECK(read.base64_image_max_length == 0);
  CHECK(complaints ==
        "OPENINFERENCE_HIDE_INPUTS is neither true nor false and was not used. "
        "OPENINFERENCE_BASE64_IMAGE_MAX_LENGTH is not a number of bytes and was not used.");
}
