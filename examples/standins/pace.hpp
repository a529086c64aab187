// SPDX-License-Identifier: MIT
//
// How fast the stand-in for OpenRouter answers.

#pragma once

#include <chrono>

namespace standins {

/// How fast the model is.
struct pace {
  std::chrono::milliseconds first_token{60};
  std::chrono::milliseconds chunk{12};  ///< between two chunks

  static pace none() { return {std::chrono::milliseconds(0), std::chrono::milliseconds(0)}; }
};

}  // namespace standins
