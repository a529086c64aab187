// SPDX-License-Identifier: MIT
//
// Frame times and what to say about them: the median, the 99th percentile and the worst. Averages
// hide the one frame that a player sees, so there is none here.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace examples {

/// The value below or at which a share of all samples lies, by nearest rank; 0 without samples.
inline double percentile(std::vector<double> samples, double share) {
  if (samples.empty()) return 0;
  const auto count = static_cast<double>(samples.size());
  const double rank = (std::min)(count, (std::max)(1.0, std::ceil(share * count)));
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(rank) - 1;
  std::nth_element(samples.begin(), nth, samples.end());
  return *nth;
}

class frame_stats {
 public:
  /// Reserves room, so that recording a frame does not allocate in the middle of one.
  explicit frame_stats(std::size_t expected_frames = 0) { samples_.reserve(expected_frames); }

  void record(std::int64_t frame_ns) { samples_.push_back(static_cast<double>(frame_ns)); }

  std::size_t count() const { return samples_.size(); }
  double p50_ns() const { return percentile(samples_, 0.50); }
  double p99_ns() const { return percentile(samples_, 0.99); }
  double max_ns() const { return percentile(samples_, 1.00); }

  /// Frames that took longer than the budget, that is: frames that a player may have noticed.
  std::size_t over(std::int64_t budget_ns) const {
    return static_cast<std::size_t>(std::count_if(samples_.begin(), samples_.end(), [=](double ns) {
      return ns > static_cast<double>(budget_ns);
    }));
  }

 private:
  std::vector<double> samples_;
};

}  // namespace examples
