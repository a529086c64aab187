// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include "orcast/core/result.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

// Small files that a program keeps for itself, settings above all: read whole, and replaced as a
// whole. Not for the game's thread: a disk may take its time.

namespace orcast {
inline namespace v0 {
namespace detail {

inline failure file_failure(std::string_view what, const std::string& path, int error) {
  return failure(errc::io,
                 std::string(what) + " " + path + ": " + std::generic_category().message(error));
}

}  // namespace detail

/// False only where there is certainly none: what can't be read may still be somebody's.
inline bool file_exists(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  const int error = errno;
  if (file != nullptr) std::fclose(file);
  return file != nullptr || error != ENOENT;
}

/// The whole file. Fails with errc::io and the system's reason, or with errc::too_large when there
/// are more than `most_bytes`.
inline result<std::string> read_file(const std::string& path, std::size_t most_bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return detail::file_failure("can't read", path, errno);
  std::string text;
  char buffer[4096];
  std::size_t got = 0;
  while (text.size() <= most_bytes && (got = std::fread(buffer, 1, sizeof buffer, file)) != 0) {
    text.append(buffer, got);
  }
  const int error = std::ferror(file) != 0 ? errno : 0;
  std::fclose(file);
  if (error != 0) return detail::file_failure("can't read", path, error);
  if (text.size() > most_bytes) {
    return failure(errc::too_large,
                   path + " is larger than " + std::to_string(most_bytes) + " bytes");
  }
  return text;
}

/// Replaces the file by one that only its owner may read (mode 0600 from its first byte on). It is
/// written beside its place, flushed to the disk and then renamed: whoever reads, and whoever looks
/// after a power cut, finds the old text or the new one, never a part. Where the name is a symbolic
/// link it is the file behind it that is replaced. Fails with errc::io, and on systems without
/// POSIX files with errc::unsupported.
inline result<void> write_private_file(const std::string& name, std::string_view text) {
#if defined(__unix__) || defined(__APPLE__)
  char* const target = ::realpath(name.c_str(), nullptr);  // null where there is no file yet
  const std::string path = target != nullptr ? target : name.c_str();
  std::free(target);
  std::string beside = path + ".new.XXXXXX";  // a name that nobody else has, or has left behind
  const int file = ::mkstemp(beside.data());
  if (file < 0) return detail::file_failure("can't write", path, errno);
  ::fcntl(file, F_SETFD, FD_CLOEXEC);
  int error = 0;
  while (error == 0 && !text.empty()) {
    const auto put = ::write(file, text.data(), text.size());
    if (put > 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno != EINTR) {
      error = put == 0 ? ENOSPC : errno;
    }
  }
  if (error == 0 && ::fsync(file) != 0) error = errno;
  if (::close(file) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(beside.c_str());
    return detail::file_failure("can't write", path, error);
  }
  // The new name is safe once its directory is; a file system that can't say so is no failure.
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int directory = ::open(folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (directory >= 0) {
    static_cast<void>(::fsync(directory));
    ::close(directory);
  }
  return {};
#else
  static_cast<void>(text);
  return failure(errc::unsupported, "orcast can't write " + name + " so that others can't read it");
#endif
}

}  // namespace v0
}  // namespace orcast
