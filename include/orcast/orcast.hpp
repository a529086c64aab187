// SPDX-License-Identifier: MIT
#pragma once

// orcast calls OpenRouter through any HTTP transport and broadcasts every call to Arize as an
// OTLP/HTTP JSON trace, without ever costing a frame. This header is everything but the transports;
// include one of orcast/transport/ besides, or bring your own.
//
//   broadcast   settings, the facade that owns tracer and exporter, instrument(transport)
//   openrouter  client, chat_request, chat_reply: the calls; models, embeddings, generation,
//   account;
//               tool_loop, tool_description, tool_arguments: tools; mock_reply: for your own tests;
//               observation: how calls are recorded
//   otlp        the encoder, the exporter and its thread
//   http        what a transport is (transport.hpp), server-sent events, retry policy
//   trace       tracer and span on a fixed piece of memory, attribute keys
//   core        result and failure, host hooks, secret
//
// Each layer includes only those below it. A program that only wants spans includes
// orcast/trace/make_tracer.hpp where it makes its tracer, orcast/trace/tracer.hpp where it records,
// and pays for nothing else.

#include "orcast/broadcast/broadcast.hpp"
#include "orcast/broadcast/connection_test.hpp"
#include "orcast/broadcast/content_keys.hpp"
#include "orcast/broadcast/environment.hpp"
#include "orcast/broadcast/instrument.hpp"
#include "orcast/broadcast/settings.hpp"
#include "orcast/broadcast/settings_draft.hpp"
#include "orcast/broadcast/settings_file.hpp"
#include "orcast/http/fake_transport.hpp"
#include "orcast/openrouter/account.hpp"
#include "orcast/openrouter/client.hpp"
#include "orcast/openrouter/embeddings.hpp"
#include "orcast/openrouter/generation.hpp"
#include "orcast/openrouter/mock_reply.hpp"
#include "orcast/openrouter/model_endpoints.hpp"
#include "orcast/openrouter/models.hpp"
#include "orcast/openrouter/providers.hpp"
#include "orcast/openrouter/reply_details.hpp"
#include "orcast/openrouter/tool_arguments.hpp"
#include "orcast/openrouter/tool_description.hpp"
#include "orcast/openrouter/tool_loop.hpp"
#include "orcast/openrouter/work.hpp"
#include "orcast/otlp/json_encoder.hpp"
#include "orcast/otlp/protobuf_answer.hpp"
#include "orcast/trace/gen_ai_keys.hpp"
#include "orcast/trace/make_tracer.hpp"
#include "orcast/trace/openinference_keys.hpp"
#include "orcast/trace/openrouter_keys.hpp"
#include "orcast/trace/w3c_context.hpp"
