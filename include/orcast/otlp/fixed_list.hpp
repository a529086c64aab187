// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "orcast/config.hpp"

// A list that takes its memory once. The exporter knows how long its lists can become; a
// std::vector of each type would bring code for growing into every program.

namespace orcast {
inline namespace v0 {
namespace otlp {
namespace detail {

template <class T>
class fixed_list {
 public:
  fixed_list() = default;
  explicit fixed_list(std::size_t most) : values_(new T[most]) {}

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T& operator[](std::size_t i) noexcept { return values_[i]; }
  const T& operator[](std::size_t i) const noexcept { return values_[i]; }
  T* begin() noexcept { return values_.get(); }
  T* end() noexcept { return values_.get() + size_; }
  const T* begin() const noexcept { return values_.get(); }
  const T* end() const noexcept { return values_.get() + size_; }

  /// There is room for it.
  void push_back(const T& value) noexcept { values_[size_++] = value; }
  void push_back(T&& value) noexcept { values_[size_++] = std::move(value); }
  /// Those behind it move up.
  void erase(std::size_t i) noexcept {
    for (--size_; i != size_; ++i) std::swap(values_[i], values_[i + 1]);
    values_[i] = T();
  }
  /// Forgets those behind the first `count`.
  void shorten(std::size_t count) noexcept { size_ = count; }
  void clear() noexcept { size_ = 0; }

 private:
  std::unique_ptr<T[]> values_;
  std::size_t size_ = 0;
};

}  // namespace detail
}  // namespace otlp
}  // namespace v0
}  // namespace orcast
