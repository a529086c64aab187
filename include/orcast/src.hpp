// SPDX-License-Identifier: MIT
#pragma once

// The bodies of the larger functions, for programs that keep them (and Boost.JSON) out of their
// other translation units. Define ORCAST_SEPARATE_BODIES for the whole program and include this
// header in exactly one source file; nothing else changes.

#if !defined(ORCAST_SEPARATE_BODIES)
#error "define ORCAST_SEPARATE_BODIES for the whole program, or leave out orcast/src.hpp"
#endif

#include "orcast/broadcast/impl/broadcast.ipp"
#include "orcast/broadcast/impl/connection_test.ipp"
#include "orcast/broadcast/impl/environment.ipp"
#include "orcast/broadcast/impl/settings.ipp"
#include "orcast/broadcast/impl/settings_draft.ipp"
#include "orcast/broadcast/impl/settings_file.ipp"
#include "orcast/http/impl/any_transport.ipp"
#include "orcast/http/impl/fake_transport.ipp"
#include "orcast/http/impl/retry.ipp"
#include "orcast/http/impl/sse.ipp"
#include "orcast/openrouter/impl/account.ipp"
#include "orcast/openrouter/impl/api_reply.ipp"
#include "orcast/openrouter/impl/chat_request.ipp"
#include "orcast/openrouter/impl/client.ipp"
#include "orcast/openrouter/impl/content_part.ipp"
#include "orcast/openrouter/impl/embeddings.ipp"
#include "orcast/openrouter/impl/message.ipp"
#include "orcast/openrouter/impl/mock_reply.ipp"
#include "orcast/openrouter/impl/model_endpoints.ipp"
#include "orcast/openrouter/impl/models.ipp"
#include "orcast/openrouter/impl/observation.ipp"
#include "orcast/openrouter/impl/reply_details.ipp"
#include "orcast/openrouter/impl/reply_reader.ipp"
#include "orcast/openrouter/impl/response_format.ipp"
#include "orcast/openrouter/impl/tool_arguments.ipp"
#include "orcast/openrouter/impl/tool_description.ipp"
#include "orcast/openrouter/impl/tool_loop.ipp"
#include "orcast/openrouter/impl/work.ipp"
#include "orcast/otlp/impl/exporter.ipp"
#include "orcast/otlp/impl/flush_thread.ipp"
#include "orcast/otlp/impl/json_encoder.ipp"
#include "orcast/otlp/impl/json_text.ipp"
#include "orcast/otlp/impl/protobuf_encoder.ipp"
#include "orcast/otlp/impl/route.ipp"
#include "orcast/otlp/impl/span_exporter.ipp"
#include "orcast/otlp/impl/span_exporter_round.ipp"
#include "orcast/trace/impl/make_tracer.ipp"
#include "orcast/trace/impl/span.ipp"
#include "orcast/trace/impl/span_ring.ipp"
#include "orcast/trace/impl/tracer.ipp"
