// SPDX-License-Identifier: MIT
//
// The files that the example reads and writes, and where they are when the command line does not
// say: beside the program, that is, in the build tree.

#pragma once

#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>

#include "game_loop/options.hpp"
#include "game_loop/services.hpp"

namespace game_loop {

/// Fills in what the command line left empty. `program` is argv[0], for systems that don't tell.
inline void set_default_files(options& chosen, const char* program) {
  std::error_code failed;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) self = program;
  const auto beside = [&self](const char* name) { return self.replace_filename(name).string(); };
  if (chosen.script.empty()) chosen.script = beside("dialogue.json");
  if (chosen.traces.empty()) chosen.traces = beside("traces.jsonl");
  if (chosen.html.empty()) chosen.html = beside("traces.html");
}

/// Replaces what the file held. Throws setup_error.
inline void write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) throw setup_error(path + ": cannot be written");
}

}  // namespace game_loop
