// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orcast/openrouter/json_text.hpp"

// Which of the providers of a model may answer, and which of them first. OpenRouter falls back from
// one to the next by itself; without any of this it balances by price and uptime.

namespace orcast {
inline namespace v0 {

/// By what providers are sorted: preferences.sort = "throughput".
struct provider_sort {
  std::string by;         ///< "price", "throughput", "latency", "exacto"
  std::string partition;  ///< "model" or "none": of several models, each or all together

  provider_sort() = default;
  provider_sort(const char* what) : by(what) {}
  provider_sort(std::string what, std::string over = {})
      : by(std::move(what)), partition(std::move(over)) {}
};

/// A bound on speed, as measured over the last minutes: one number for the median, or one for each
/// percentile.
struct speed_bound {
  std::optional<double> value;
  std::optional<double> p50;
  std::optional<double> p75;
  std::optional<double> p90;
  std::optional<double> p99;

  speed_bound() = default;
  speed_bound(double median) : value(median) {}
};

/// The most that may be asked, as decimal text in US dollars: for a million tokens, or for one
/// image, sound or request. "0.5".
struct price_limits {
  std::string prompt;
  std::string completion;
  std::string image;
  std::string audio;
  std::string request;
  json_text extra;  ///< an object with further members
};

struct provider_preferences {
  std::vector<std::string> order;   ///< slugs, to be tried in this order
  std::vector<std::string> only;    ///< these and no others
  std::vector<std::string> ignore;  ///< not these
  std::optional<bool> allow_fallbacks;
  std::optional<bool> require_parameters;  ///< only who supports every parameter of the request
  std::string data_collection;             ///< "deny": only who does not store prompts; "allow"
  std::optional<bool> zdr;                 ///< only who retains no data at all
  std::optional<bool> enforce_distillable_text;
  std::vector<std::string> quantizations;  ///< "fp8", "bf16", ...
  provider_sort sort;
  price_limits max_price;
  speed_bound preferred_min_throughput;  ///< tokens per second
  speed_bound preferred_max_latency;     ///< seconds to the first token
  json_text extra;                       ///< an object with further members
};

}  // namespace v0
}  // namespace orcast
