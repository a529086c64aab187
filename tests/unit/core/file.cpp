// SPDX-License-Identifier: MIT
#include "orcast/core/file.hpp"

#include <cstdlib>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"

using namespace orcast;

namespace {

struct folder {
  folder() {
    char name[] = "/tmp/orcast-file-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path = name;
  }
  ~folder() {
    ::unlink((path + "/kept").c_str());
    ::rmdir(path.c_str());
  }
  std::string path;
};

}  // namespace

TEST_CASE("a private file is read back as it was written, and only its owner may read it") {
  const folder in;
  const std::string path = in.path + "/kept";
  const std::string text("a\0b\nkey", 7);
  ::umask(0);
  REQUIRE(write_private_file(path, text).ok());
  struct stat seen {};
  REQUIRE(::stat(path.c_str(), &seen) == 0);
  CHECK((seen.st_mode & 0777) == 0600);
  const auto back = read_file(path, 100);
  REQUIRE(back.ok());
  CHECK(*back == text);
}

TEST_CASE("a private file replaces one that everybody could read, and leaves nothing beside it") {
  const folder in;
  const std::string path = in.path + "/kept";
  REQUIRE(write_private_file(path, "old").ok());
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  REQUIRE(write_private_file(path, "new").ok());
  struct stat seen {};
  REQUIRE(::stat(path.c_str(), &seen) == 0);
  CHECK((seen.st_mode & 0777) == 0600);
  CHECK(*read_file(path, 100) == "new");
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK(::rmdir(in.path.c_str()) == 0);  // empty: no file beside it
  REQUIRE(::mkdir(in.path.c_str(), 0700) == 0);
}

TEST_CASE("what a program left behind that was killed while it wrote is in nobody's way") {
  const folder in;
  const std::string path = in.path + "/kept";
  const std::string left = path + ".new." + std::to_string(::getpid());
  REQUIRE(write_private_file(left, "half").ok());
  CHECK(write_private_file(path, "whole").ok());
  CHECK(*read_file(path, 100) == "whole");
  ::unlink(left.c_str());
}

TEST_CASE("a file that can't be written or read says which and why") {
  const auto written = write_private_file("/nowhere/at/all", "x");
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().code == errc::io);
  CHECK(written.error().message.find("/nowhere/at/all") != std::string::npos);
  const auto read = read_file("/nowhere/at/all", 10);
  REQUIRE_FALSE(read.ok());
  CHECK(read.error().message.find("No such file") != std::string::npos);
  CHECK(read_file("/", 10).error().code == errc::io);  // a directory
}

TEST_CASE("a file is not read beyond its limit") {
  const folder in;
  const std::string path = in.path + "/kept";
  REQUIRE(write_private_file(path, std::string(5000, 'x')).ok());
  CHECK(read_file(path, 5000).ok());
  CHECK(read_file(path, 4999).error().code == errc::too_large);
}
