// SPDX-License-Identifier: MIT
//
// OpenRouter's public lists: models with the filters and pages that clients use, who offers them,
// and the providers.

#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "standins/http.hpp"
#include "standins/json_text.hpp"
#include "standins/openrouter_errors.hpp"
#include "standins/openrouter_usage.hpp"

namespace standins {

/// The parameters of a query, decoded.
class url_query {
 public:
  explicit url_query(std::string_view target) {
    const std::size_t at = target.find('?');
    std::string_view rest = at == target.npos ? std::string_view() : target.substr(at + 1);
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix((std::min)(pair.size() + 1, rest.size()));
      const std::size_t equals = pair.find('=');
      const std::string_view value =
          equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
      values_.emplace_back(std::string(pair.substr(0, equals)), decode(value));
    }
  }

  std::string operator[](std::string_view name) const {
    for (const auto& [key, value] : values_) {
      if (key == name) return value;
    }
    return "";
  }

 private:
  static std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '%' && i + 2 < text.size()) {
        const std::string digits(text.substr(i + 1, 2));
        out += static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
        i += 2;
      } else {
        out += text[i] == '+' ? ' ' : text[i];
      }
    }
    return out;
  }

  std::vector<std::pair<std::string, std::string>> values_;
};

/// Whether each word of a comma-separated list is one of `have`.
inline bool has_all(const std::string& wanted, const std::vector<std::string_view>& have) {
  std::string_view rest = wanted;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix((std::min)(word.size() + 1, rest.size()));
    if (std::find(have.begin(), have.end(), word) == have.end()) return false;
  }
  return true;
}

class openrouter_catalogue {
 public:
  /// The answer to a GET of one of its paths; status 0 for others.
  static http_answer answer(const request& from) {
    const std::string_view root = "/api/v1";
    if (from.path.compare(0, root.size(), root) != 0) return {0, {}, ""};
    const std::string_view path = std::string_view(from.path).substr(root.size());
    if (path == "/models" || path == "/models/user") return list(from, "text");
    if (path == "/embeddings/models") return list(from, "embeddings");
    if (path == "/providers") return json_answer(200, {{"data", providers()}});
    constexpr std::string_view begin = "/models/", end = "/endpoints";
    if (path.size() > begin.size() + end.size() && path.substr(0, begin.size()) == begin &&
        path.substr(path.size() - end.size()) == end) {
      return endpoints(path.substr(begin.size(), path.size() - begin.size() - end.size()));
    }
    return {0, {}, ""};
  }

 private:
  struct model {
    std::string_view slug;
    std::int64_t context;
    std::vector<std::string_view> input, output, parameters, categories;
  };

  static const std::vector<model>& all() {
    static const std::vector<model> models = {
        {"openai/gpt-4o-mini",
         128000,
         {"text", "image", "file"},
         {"text"},
         {"max_tokens", "temperature", "tools", "tool_choice", "response_format"},
         {"programming", "roleplay"}},
        {"anthropic/claude-haiku-4.5",
         200000,
         {"text", "image", "file"},
         {"text"},
         {"max_tokens", "temperature", "tools", "tool_choice", "reasoning"},
         {"programming"}},
        {"google/gemini-2.5-flash",
         1048576,
         {"text", "image", "audio", "file", "video"},
         {"text"},
         {"max_tokens", "temperature", "tools", "tool_choice", "reasoning", "response_format"},
         {"translation", "roleplay"}},
        {"meta-llama/llama-3.3-70b-instruct",
         131072,
         {"text"},
         {"text"},
         {"max_tokens", "temperature", "tools", "tool_choice"},
         {"roleplay"}},
        {"openai/text-embedding-3-small", 8192, {"text"}, {"embeddings"}, {}, {}},
    };
    return models;
  }

  static std::string dollars(std::int64_t price) {
    return decimal(static_cast<double>(price) / 1e12);
  }

  static json::array words(const std::vector<std::string_view>& from) {
    json::array out;
    for (const std::string_view word : from)
      out.emplace_back(json::string_view(word.data(), word.size()));
    return out;
  }

  static json::object describe(const model& one) {
    const model_family& family = family_of(one.slug);
    const std::string slug(one.slug);
    const std::string output(one.output.front());
    return {{"id", slug},
            {"canonical_slug", slug},
            {"name", slug},
            {"created", 1750000000},
            {"description", "A model that the stand-in plays."},
            {"context_length", one.context},
            {"architecture",
             {{"modality", "text->" + output},
              {"tokenizer", "Other"},
              {"instruct_type", nullptr},
              {"input_modalities", words(one.input)},
              {"output_modalities", words(one.output)}}},
            {"pricing",
             {{"prompt", dollars(family.prompt)},
              {"completion", dollars(family.completion)},
              {"input_cache_read", dollars(family.cache_read)}}},
            {"top_provider",
             {{"context_length", one.context},
              {"max_completion_tokens", 16384},
              {"is_moderated", false}}},
            {"per_request_limits", nullptr},
            {"supported_parameters", words(one.parameters)},
            {"default_parameters", nullptr},
            {"supported_voices", nullptr},
            {"links", {{"details", "/api/v1/models/" + slug + "/endpoints"}}}};
  }

  static http_answer list(const request& from, const std::string& modality) {
    const url_query query(from.target);
    const std::string output =
        query["output_modalities"].empty() ? modality : query["output_modalities"];
    std::vector<const model*> found;
    for (const model& one : all()) {
      const std::string text = query["q"];
      const std::string author(one.slug.substr(0, one.slug.find('/')));
      const bool fits =
          (output == "all" || has_all(output, one.output)) &&
          has_all(query["input_modalities"], one.input) &&
          has_all(query["supported_parameters"], one.parameters) &&
          has_all(query["category"], one.categories) &&
          (text.empty() || one.slug.find(text) != one.slug.npos) &&
          (query["model_authors"].empty() || query["model_authors"].find(author) != text.npos) &&
          one.context >= std::atoll(query["context"].c_str()) &&
          (query["max_price"].empty() || static_cast<double>(family_of(one.slug).prompt) / 1e6 <=
                                             std::atof(query["max_price"].c_str()));
      if (fits) found.push_back(&one);
    }
    if (query["sort"] == "pricing-low-to-high") {
      std::stable_sort(found.begin(), found.end(), [](const model* a, const model* b) {
        return family_of(a->slug).prompt < family_of(b->slug).prompt;
      });
    }
    const bool paged = !query["offset"].empty() || !query["limit"].empty();
    const auto total = static_cast<long long>(found.size());
    const long long offset = (std::min)(std::atoll(query["offset"].c_str()), total);
    const long long asked = query["limit"].empty() ? 500 : std::atoll(query["limit"].c_str());
    if (offset < 0 || asked < 1 || asked > 1000) {
      return json_answer(400, error_envelope(400, "Invalid offset or limit"));
    }
    const long long count = paged ? (std::min)(asked, total - offset) : total;
    json::array data;
    for (long long i = 0; i < count; ++i) {
      data.push_back(describe(*found[static_cast<std::size_t>(offset + i)]));
    }
    json::object links = {{"next", nullptr}};
    if (offset + count < total) {
      links["next"] = from.path + "?offset=" + std::to_string(offset + count) +
                      "&limit=" + std::to_string(asked);
    }
    return json_answer(
        200, {{"data", std::move(data)}, {"total_count", total}, {"links", std::move(links)}});
  }

  static http_answer endpoints(std::string_view slug) {
    const auto found = std::find_if(all().begin(), all().end(),
                                    [slug](const model& one) { return one.slug == slug; });
    if (found == all().end()) return json_answer(404, error_envelope(404, "Model not found"));
    json::object data = describe(*found);
    const std::string provider(family_of(slug).provider);
    json::object one = {
        {"name", provider + " | " + std::string(slug)},
        {"model_id", data["id"]},
        {"model_name", data["name"]},
        {"context_length", found->context},
        {"pricing", data["pricing"]},
        {"provider_name", provider},
        {"tag", slug_of(provider)},
        {"quantization", "unknown"},
        {"max_completion_tokens", 16384},
        {"max_prompt_tokens", nullptr},
        {"supported_parameters", data["supported_parameters"]},
        {"status", 0},
        {"uptime_last_30m", 99.5},
        {"uptime_last_5m", 100.0},
        {"uptime_last_1d", 99.9},
        {"supports_implicit_caching", true},
        {"latency_last_30m", {{"p50", 0.25}, {"p75", 0.35}, {"p90", 0.48}, {"p99", 0.85}}},
        {"throughput_last_30m", nullptr}};
    return json_answer(200, {{"data",
                              {{"id", data["id"]},
                               {"name", data["name"]},
                               {"created", data["created"]},
                               {"description", data["description"]},
                               {"architecture", data["architecture"]},
                               {"endpoints", json::array{std::move(one)}}}}});
  }

  static std::string slug_of(const std::string& provider) {
    std::string out;
    for (const char c : provider) out += c == ' ' ? '-' : static_cast<char>(std::tolower(c));
    return out;
  }

  static json::array providers() {
    json::array out;
    for (const char* name : {"OpenAI", "Anthropic", "Google AI Studio", "DeepInfra"}) {
      out.push_back(json::object{{"name", name},
                                 {"slug", slug_of(name)},
                                 {"privacy_policy_url", "https://provider.example/privacy"},
                                 {"terms_of_service_url", "https://provider.example/terms"},
                                 {"status_page_url", nullptr},
                                 {"headquarters", "US"},
                                 {"datacenters", json::array{"US", "IE"}}});
    }
    return out;
  }
};

}  // namespace standins
