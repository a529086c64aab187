// SPDX-License-Identifier: MIT
//
// The work of span/20attr as an event of LTTng-UST: ten texts and ten integers. LTTng includes this
// file again and again, each time with other macros.

#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER orcast_bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./tracepoint.hpp"

#if !defined(ORCAST_BENCH_TRACEPOINT_HPP) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define ORCAST_BENCH_TRACEPOINT_HPP

#include <lttng/tracepoint.h>

// clang-format off
LTTNG_UST_TRACEPOINT_EVENT(
    orcast_bench, span, LTTNG_UST_TP_ARGS(const bench::workload*, work),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_string(model_name, work->text[0].c_str())
        lttng_ust_field_integer(std::int64_t, prompt_tokens, work->count[0])
        lttng_ust_field_string(provider, work->text[1].c_str())
        lttng_ust_field_integer(std::int64_t, completion_tokens, work->count[1])
        lttng_ust_field_string(session_id, work->text[2].c_str())
        lttng_ust_field_integer(std::int64_t, total_tokens, work->count[2])
        lttng_ust_field_string(user_id, work->text[3].c_str())
        lttng_ust_field_integer(std::int64_t, cached_tokens, work->count[3])
        lttng_ust_field_string(npc_name, work->text[4].c_str())
        lttng_ust_field_integer(std::int64_t, reasoning_tokens, work->count[4])
        lttng_ust_field_string(quest, work->text[5].c_str())
        lttng_ust_field_integer(std::int64_t, frame, work->count[5])
        lttng_ust_field_string(location, work->text[6].c_str())
        lttng_ust_field_integer(std::int64_t, attempts, work->count[6])
        lttng_ust_field_string(finish_reason, work->text[7].c_str())
        lttng_ust_field_integer(std::int64_t, status_code, work->count[7])
        lttng_ust_field_string(generation_id, work->text[8].c_str())
        lttng_ust_field_integer(std::int64_t, queue_ms, work->count[8])
        lttng_ust_field_string(operation, work->text[9].c_str())
        lttng_ust_field_integer(std::int64_t, mood, work->count[9])))
// clang-format on

#endif

#include <lttng/tracepoint-event.h>
