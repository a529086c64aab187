// SPDX-License-Identifier: MIT
//
// A request as a stand-in keeps it.

#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace standins {

using header_list = std::vector<std::pair<std::string, std::string>>;

inline bool same_text(std::string_view a, std::string_view b) {  // ASCII case apart
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

struct request {
  std::size_t number = 0;  ///< order of arrival at this server, from 1
  std::string method;
  std::string target;  ///< path and query as sent
  std::string path;
  header_list headers;
  std::string body;  ///< inflated when it came with Content-Encoding: gzip
  std::chrono::steady_clock::time_point arrived;

  /// The header's first value; empty when there is none.
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (same_text(key, name)) return value;
    }
    return "";
  }

  bool has_header(std::string_view name) const {
    for (const auto& entry : headers) {
      if (same_text(entry.first, name)) return true;
    }
    return false;
  }
};

}  // namespace standins
