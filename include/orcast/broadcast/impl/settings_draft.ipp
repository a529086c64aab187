// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "orcast/broadcast/impl/settings_file.ipp"
#include "orcast/broadcast/settings_draft.hpp"
#include "orcast/core/file.hpp"
#include "orcast/core/sha256.hpp"
#include "orcast/otlp/span_exporter.hpp"

namespace orcast {
inline namespace v0 {

ORCAST_DECL result<settings_draft> settings_draft::open(std::string path) {
  settings_file settings;
  if (file_exists(path)) {
    result<settings_file> read = read_settings(path);
    if (!read) return read.error();
    settings = std::move(*read);
  }
  return settings_draft(std::move(path), std::move(settings));
}

/// Of all that a file says of it, the key included, and of what else a test depends on.
ORCAST_DECL settings_draft::fingerprint settings_draft::fingerprint_of(
    const broadcast_settings& settings) {
  std::string text;
  detail::append_destination(text, settings);
  text.append(settings.compression.name);
  const auto append_bytes = [&text](const auto& pointer) {
    char bytes[sizeof pointer];
    std::memcpy(bytes, &pointer, sizeof pointer);
    text.append(bytes, sizeof bytes);
  };
  append_bytes(settings.compression.compress);
  append_bytes(settings.header_provider);
  append_bytes(settings.header_context);
  const fingerprint made = sha256(text);
  wipe(text.data(), text.size());
  return made;
}

ORCAST_DECL void settings_draft::begin_test(std::size_t destination,
                                            http::any_transport transport) {
  if (destination >= settings_.destinations.size()) {
    running_.reset();
    last_ = {};
    last_.verdict = connection_verdict::bad_settings;
    last_.explanation = "nothing was sent: there is no such destination.";
    return;
  }
  const broadcast_settings& chosen = settings_.destinations[destination];
  under_test_ = fingerprint_of(chosen);
  running_ = std::make_unique<connection_test>(chosen, std::move(transport));
}

ORCAST_DECL bool settings_draft::poll_test() {
  if (running_ != nullptr && !running_->poll()) return false;
  note_result();
  return true;
}

ORCAST_DECL const connection_report& settings_draft::test(std::size_t destination,
                                                          http::any_transport transport) {
  begin_test(destination, std::move(transport));
  if (running_ != nullptr) running_->wait();
  note_result();
  return report();
}

/// Also lets go of the transport: it may be one that was lent for this test.
ORCAST_DECL void settings_draft::note_result() {
  if (running_ == nullptr) return;
  last_ = running_->report();
  running_.reset();
  if (last_.passed()) passed_.push_back(under_test_);
}

ORCAST_DECL const connection_report& settings_draft::report() const noexcept {
  return running_ != nullptr ? running_->report() : last_;
}

ORCAST_DECL bool settings_draft::tested(std::size_t destination) const {
  if (destination >= settings_.destinations.size()) return false;
  const fingerprint now = fingerprint_of(settings_.destinations[destination]);
  return std::find(passed_.begin(), passed_.end(), now) != passed_.end();
}

ORCAST_DECL result<void> settings_draft::save(bool untested) const {
  const std::vector<broadcast_settings>& all = settings_.destinations;
  if (all.size() > otlp::span_exporter::most_destinations) {
    return failure(errc::invalid_argument, "a broadcast has at most 8 destinations");
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const broadcast_settings& each = all[i];
    if (!each.enabled) continue;
    for (std::size_t before = 0; before < i; ++before) {
      if (!all[before].enabled || all[before].name != each.name) continue;
      return failure(errc::invalid_argument,
                     "two destinations are called \"" + each.name + "\": Name tells them apart");
    }
    const result<void> valid = validate(each);
    if (!valid) return failure(errc::invalid_argument, each.name + ": " + valid.error().message);
    if (!untested && !tested(i)) {
      return failure(errc::invalid_argument, each.name +
                                                 ": its connection has not passed a test since it "
                                                 "was changed; test it, or save it untested");
    }
  }
  return write_settings(path_, settings_);
}

}  // namespace v0
}  // namespace orcast
