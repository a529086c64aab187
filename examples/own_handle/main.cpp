// SPDX-License-Identifier: MIT
//
// A program that calls OpenRouter through a libcurl handle of its own, as it always did; the lines
// between the two marks are all that it takes to have the call in Arize. OPENROUTER_API_KEY and
// Arize's keys (ARIZE_API_KEY, ARIZE_SPACE_ID, ARIZE_PROJECT_NAME) are read from the environment.

#include <cstdio>
#include <cstdlib>
#include <string>

#include "orcast/orcast.hpp"
#include "orcast/transport/curl.hpp"
#include "orcast/transport/curl_tap.hpp"

namespace {

std::size_t on_write(char* bytes, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(bytes, size * count);
  return size * count;
}

std::string text_of(const char* variable, const char* otherwise) {
  const char* const set = std::getenv(variable);
  return set != nullptr ? set : otherwise;
}

}  // namespace

int main() {
  orcast::broadcast_options options;
  options.settings = orcast::broadcast_settings::from_environment();
  options.settings.enabled = !options.settings.api_key.empty();
  if (!options.settings.enabled) std::fputs("no ARIZE_API_KEY: nothing is recorded\n", stderr);
  auto traces = orcast::broadcast::start(
      std::move(options), orcast::http::any_transport::make<orcast::curl_transport>());
  if (!traces) return std::fprintf(stderr, "%s\n", traces.error().message.c_str()), 1;

  const std::string url =
      text_of("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1") + "/chat/completions";
  const std::string body = R"({"model":"openai/gpt-4o-mini","messages":[{"role":"user","content":)"
                           R"("Greet a traveller at the gate, in one sentence."}]})";
  const std::string key = "Authorization: Bearer " + text_of("OPENROUTER_API_KEY", "");
  std::string received;

  CURL* const easy = curl_easy_init();
  curl_slist* lines = curl_slist_append(nullptr, "Content-Type: application/json");
  lines = curl_slist_append(lines, key.c_str());
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());

  int code = 0;
  {
    // Here the recording begins ...
    orcast::observation seen((*traces)->recording());
    orcast::curl_tap tap(easy, seen, {url, body, on_write, &received});
    const auto answer = tap.done(curl_easy_perform(easy));
    // ... and here it ends.

    if (answer) {
      std::puts(std::string(seen.reply().text()).c_str());
    } else {
      std::fprintf(stderr, "%s\n", answer.error().message.c_str());
      code = 1;
    }
  }
  curl_slist_free_all(lines);
  curl_easy_cleanup(easy);
  (*traces)->shutdown(5'000);
  return code;
}
