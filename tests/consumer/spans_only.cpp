// SPDX-License-Identifier: MIT

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/trace/tracer.hpp"

// A program that wants spans and nothing else: no Boost, no HTTP library.

int main() { return orcast::version[0] == '\0' ? 1 : 0; }
