// SPDX-License-Identifier: MIT

#include "orcast/otlp/json_encoder.hpp"
#include "orcast/trace/tracer.hpp"

// Records a span on a processor without 64-bit atomic instructions.

int main() { return 0; }
