// SPDX-License-Identifier: MIT
#pragma once

#include "orcast/trace/key.hpp"

// OpenInference's attribute keys for feedback: what a person, a model or code thinks of a span, a
// trace or a session. Each has a name and at least one of score, label and explanation.

namespace orcast {
inline namespace v0 {
namespace keys {

// Annotations of a span.

/// string. By hand
inline constexpr key annotation_name{"annotations.#.annotation.name"};
/// double. By hand
inline constexpr key annotation_score{"annotations.#.annotation.score"};
/// string. By hand
inline constexpr key annotation_label{"annotations.#.annotation.label"};
/// string. By hand
inline constexpr key annotation_explanation{"annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key annotation_annotator_kind{"annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key annotation_identifier{"annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key annotation_metadata{"annotations.#.annotation.metadata"};

// Evaluations of a span.

/// string. Work spans: rate()
inline constexpr key evaluation_name{"evaluations.#.evaluation.name"};
/// double. Work spans: rate()
inline constexpr key evaluation_score{"evaluations.#.evaluation.score"};
/// string. Work spans: rate()
inline constexpr key evaluation_label{"evaluations.#.evaluation.label"};
/// string. Work spans: rate()
inline constexpr key evaluation_explanation{"evaluations.#.evaluation.explanation"};
/// string. Work spans: rate()
inline constexpr key evaluation_annotator_kind{"evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate()
inline constexpr key evaluation_identifier{"evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate()
inline constexpr key evaluation_metadata{"evaluations.#.evaluation.metadata"};

// Annotations of a trace.

/// string. By hand
inline constexpr key trace_annotation_name{"trace.annotations.#.annotation.name"};
/// double. By hand
inline constexpr key trace_annotation_score{"trace.annotations.#.annotation.score"};
/// string. By hand
inline constexpr key trace_annotation_label{"trace.annotations.#.annotation.label"};
/// string. By hand
inline constexpr key trace_annotation_explanation{"trace.annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key trace_annotation_annotator_kind{
    "trace.annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key trace_annotation_identifier{"trace.annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key trace_annotation_metadata{"trace.annotations.#.annotation.metadata"};

// Evaluations of a trace.

/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_name{"trace.evaluations.#.evaluation.name"};
/// double. Work spans: rate() about the trace
inline constexpr key trace_evaluation_score{"trace.evaluations.#.evaluation.score"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_label{"trace.evaluations.#.evaluation.label"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_explanation{"trace.evaluations.#.evaluation.explanation"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_annotator_kind{
    "trace.evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate() about the trace
inline constexpr key trace_evaluation_identifier{"trace.evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate() about the trace
inline constexpr key trace_evaluation_metadata{"trace.evaluations.#.evaluation.metadata"};

// Annotations of a session.

/// string. By hand
inline constexpr key session_annotation_name{"session.annotations.#.annotation.name"};
/// double. By hand
inline constexpr key session_annotation_score{"session.annotations.#.annotation.score"};
/// string. By hand
inline constexpr key session_annotation_label{"session.annotations.#.annotation.label"};
/// string. By hand
inline constexpr key session_annotation_explanation{"session.annotations.#.annotation.explanation"};
/// string. By hand
inline constexpr key session_annotation_annotator_kind{
    "session.annotations.#.annotation.annotator_kind"};
/// string. By hand
inline constexpr key session_annotation_identifier{"session.annotations.#.annotation.identifier"};
/// JSON. By hand
inline constexpr key session_annotation_metadata{"session.annotations.#.annotation.metadata"};

// Evaluations of a session.

/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_name{"session.evaluations.#.evaluation.name"};
/// double. Work spans: rate() about the session
inline constexpr key session_evaluation_score{"session.evaluations.#.evaluation.score"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_label{"session.evaluations.#.evaluation.label"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_explanation{"session.evaluations.#.evaluation.explanation"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_annotator_kind{
    "session.evaluations.#.evaluation.annotator_kind"};
/// string. Work spans: rate() about the session
inline constexpr key session_evaluation_identifier{"session.evaluations.#.evaluation.identifier"};
/// JSON. Work spans: rate() about the session
inline constexpr key session_evaluation_metadata{"session.evaluations.#.evaluation.metadata"};

}  // namespace keys
}  // namespace v0
}  // namespace orcast
