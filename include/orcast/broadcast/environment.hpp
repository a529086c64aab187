// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "orcast/broadcast/broadcast.hpp"

// Everything about a broadcast that the process environment can say: Arize's own variables, and
// OpenTelemetry's by the rules of its specification.
//
//   ARIZE_*   the first destination, as broadcast_settings::from_environment() has it
//   OTEL_EXPORTER_OTLP_[TRACES_]ENDPOINT, _HEADERS, _PROTOCOL, _TIMEOUT
//             a destination called "otel", if an endpoint is named; alone or besides Arize. Arize's
//             keys never go to it.
//   OTEL_TRACES_EXPORTER            none: no destination from OTEL_* variables
//   OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES                      of all destinations
//   OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_SDK_DISABLED  of all destinations
//   OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_EXPORT_BATCH_SIZE          how batches are made
//   OTEL_[SPAN_]ATTRIBUTE_VALUE_LENGTH_LIMIT                         counted in bytes here
//
// With OTEL_CONFIG_FILE the specification wants the other OTEL_* variables to be ignored. What a
// program sets in the options afterwards counts before all of them.

namespace orcast {
inline namespace v0 {

/// A variable that can't be read is not used; `complaints`, when given, then gets a sentence that
/// names it and never its value. Not while another thread changes the environment.
ORCAST_DECL broadcast_options options_from_environment(std::string* complaints = nullptr);

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/environment.ipp"
#endif
