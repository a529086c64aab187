// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "orcast/broadcast/connection_test.hpp"
#include "orcast/broadcast/settings_file.hpp"

// Settings being edited, in the order that OpenRouter's own page enforces: enable, edit, Test
// Connection, save. What has not passed its test as it stands is not saved unless told to.
//
//   auto draft = settings_draft::open("settings.json");
//   draft->settings().destinations[0].api_key = secret(typed);
//   const connection_report& seen = draft->test(0, std::move(transport));
//   if (seen.passed()) draft->save();
//
// One thread uses it.

namespace orcast {
inline namespace v0 {

class settings_draft {
 public:
  /// Reads the file; one that is not there yet gives a draft without destinations. Fails as
  /// read_settings() does.
  static ORCAST_DECL result<settings_draft> open(std::string path);

  /// To be edited freely: which of them passed their test is told by what they say.
  settings_file& settings() noexcept { return settings_; }
  const settings_file& settings() const noexcept { return settings_; }

  /// Tests a destination as it stands, and waits. A transport that is lent is needed until the test
  /// is over, and no longer.
  ORCAST_DECL const connection_report& test(std::size_t destination, http::any_transport transport);

  /// The same without waiting: begin_test(), then poll_test() each frame until it is true, then
  /// report().
  ORCAST_DECL void begin_test(std::size_t destination, http::any_transport transport);
  ORCAST_DECL bool poll_test();
  /// Of the test that was begun last.
  ORCAST_DECL const connection_report& report() const noexcept;

  /// Whether the destination, exactly as it stands, has passed a test of this draft.
  ORCAST_DECL bool tested(std::size_t destination) const;

  /// Writes the file. Fails with invalid_argument, naming the destination, when one that is enabled
  /// has not been tested as it stands; `untested` waives that, but not that a broadcast could start
  /// from them. What only a program can give (header_provider) it gives again after reading.
  ORCAST_DECL result<void> save(bool untested = false) const;

 private:
  using fingerprint = std::array<unsigned char, 32>;

  settings_draft(std::string path, settings_file settings)
      : path_(std::move(path)), settings_(std::move(settings)) {}

  static fingerprint fingerprint_of(const broadcast_settings& settings);
  void note_result();

  std::string path_;
  settings_file settings_;
  std::unique_ptr<connection_test> running_;
  fingerprint under_test_{};
  connection_report last_;
  std::vector<fingerprint> passed_;
};

}  // namespace v0
}  // namespace orcast

#if !defined(ORCAST_SEPARATE_BODIES)
#include "orcast/broadcast/impl/settings_draft.ipp"
#endif
