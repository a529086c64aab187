// SPDX-License-Identifier: MIT
//
// Everything that stand-ins were sent and answered, for whoever wants to hold it against a
// description of the service: with STANDIN_TRAFFIC in the environment, each exchange is added to
// the file of that name, one JSON object a line.

#pragma once

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include "standins/json_text.hpp"

namespace standins {

/// What was answered so far; the bytes of the body without their framing.
struct traffic_answer {
  int status = 0;
  std::string type;
  std::string body;
  bool whole = false;
};

class traffic {
 public:
  static bool wanted() { return std::getenv("STANDIN_TRAFFIC") != nullptr; }

  /// Any thread.
  static void add(const std::string& method, const std::string& path, const std::string& body,
                  const traffic_answer& answer) {
    const std::string line = print({{"method", method},
                                    {"path", path},
                                    {"request", body},
                                    {"status", answer.status},
                                    {"type", answer.type},
                                    {"answer", answer.body},
                                    {"whole", answer.whole}}) +
                             "\n";
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    std::FILE* file = std::fopen(std::getenv("STANDIN_TRAFFIC"), "ab");
    if (file == nullptr) return;
    std::fwrite(line.data(), 1, line.size(), file);
    std::fclose(file);
  }
};

}  // namespace standins
