// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "orcast/core/host.hpp"
#include "orcast/core/result.hpp"
#include "orcast/trace/span_ring.hpp"
#include "orcast/trace/tracer.hpp"

// Makes tracers: for the one file of a program that does. Whoever records includes tracer.hpp.

namespace orcast {
inline namespace v0 {

struct tracer_options {
  /// Everything that recording will ever use, in bytes: 32 KiB to 64 MiB.
  std::size_t memory_bytes = std::size_t{4} << 20;
  /// Unit of that memory, a power of two from 512 to 65,536, of which 64 bytes are left out so that
  /// units spread over the processor's caches; 0 chooses one.
  std::size_t block_bytes = 0;
  /// How many threads can record at the same instant without meeting: a power of two up to 64; 0
  /// chooses. More threads than lanes are fine.
  std::uint32_t lanes = 0;
  when_full full = when_full::drop_newest;
  /// Longer strings are shortened, in bytes; at most 16,776,900.
  std::uint32_t max_value_bytes = 64 * 1024;
  /// A span that reaches this size takes no more, in bytes.
  std::uint32_t max_span_bytes = 256 * 1024;
  /// Which share of the traces is kept, 0 to 1.
  double sampling_ratio = 1.0;
  /// Overwrite blocks before they are used again or given back.
  bool wipe = false;
  /// False: nothing is recorded before tracer::consent(true).
  bool consent = true;
  orcast::host host;
};

/// Any thread. Validates the options, takes the memory and touches it. Fails with invalid_argument,
/// naming the option.
result<std::unique_ptr<tracer>> make_tracer(const tracer_options& options) noexcept;

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/trace/impl/make_tracer.ipp"
#endif
