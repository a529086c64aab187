// SPDX-License-Identifier: MIT
//
// Runs the built game_loop as a user would, and reads everything that it leaves behind. The "real"
// services are stand-ins of this process then: the program only sees keys and addresses.

#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "standins/arize.hpp"
#include "standins/openrouter.hpp"
#include "standins/otlp_decode.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;

constexpr char router_key[] = "sk-or-v1-canary-76d1f00b";
constexpr char arize_key[] = "ak-canary-19fe8c2a";

/// Beside the tests in the build tree; GAME_LOOP names it when it is elsewhere.
fs::path program() {
  if (const char* const given = std::getenv("GAME_LOOP")) return given;
  std::error_code unknown;
  const fs::path self = fs::read_symlink("/proc/self/exe", unknown);
  return self.parent_path().parent_path() / "examples" / "game_loop";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != text.npos; at += what.size()) ++found;
  return found;
}

bool contains(std::string_view text, std::string_view what) { return count(text, what) > 0; }

/// A folder of its own for one run.
class playground {
 public:
  playground() {
    std::string name = (fs::temp_directory_path() / "orcast-game-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) FAIL("no folder for the test: " << name);
    folder_ = name;
  }
  ~playground() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// False where the examples are not built.
  static bool possible() {
    if (fs::exists(program())) return true;
    WARN("game_loop is not built: " << program());
    return false;
  }

  /// `environment` as NAME=value words; nothing of the test's own environment that matters counts.
  void run(const std::string& environment, const std::string& arguments) {
    const std::string command =
        "cd '" + folder_.string() +
        "' && env -u OPENROUTER_API_KEY -u OPENROUTER_BASE_URL -u ARIZE_API_KEY -u ARIZE_SPACE_ID "
        "-u ARIZE_PROJECT_NAME -u ARIZE_COLLECTOR_ENDPOINT " +
        environment + " '" + program().string() + "' --traces t.jsonl --html t.html " + arguments +
        " >out.txt 2>err.txt";
    const int ended = std::system(command.c_str());
    status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    out = read_file(folder_ / "out.txt");
    err = read_file(folder_ / "err.txt");
    traces = read_file(folder_ / "t.jsonl");
    page = read_file(folder_ / "t.html");
    INFO(out << err);
    for (const std::string* text : {&out, &err, &traces, &page}) {
      CHECK_FALSE(contains(*text, router_key));
      CHECK_FALSE(contains(*text, arize_key));
    }
  }

  /// Spans in the file of traces, each of which is valid OTLP.
  std::size_t spans() const {
    std::size_t found = 0;
    std::istringstream lines(traces);
    for (std::string line; std::getline(lines, line);) {
      const standins::otlp::trace_request request = standins::otlp::decode(line);
      CHECK(request.is_readable);
      CHECK(request.violations.empty());
      for (const auto& resource : request.resource_spans) {
        for (const auto& scope : resource.scope_spans) found += scope.spans.size();
      }
    }
    return found;
  }

  int status = -1;
  std::string out, err, traces, page;

 private:
  fs::path folder_;
};

/// OpenRouter and Arize as the program would meet them with keys in its environment.
struct real_services {
  explicit real_services(const std::string& accepted_router_key = router_key,
                         const std::string& accepted_arize_key = arize_key)
      : router([&] {
          standins::openrouter::options chosen;
          chosen.pace = standins::pace::none();
          chosen.keys = {accepted_router_key};
          return chosen;
        }()),
        arize([&] {
          standins::arize::options chosen;
          chosen.api_key = accepted_arize_key;
          return chosen;
        }()) {}

  std::string openrouter_environment() const {
    return std::string("OPENROUTER_API_KEY=") + router_key +
           " OPENROUTER_BASE_URL=" + router.base_url();
  }
  std::string arize_environment() const {
    return std::string(" ARIZE_API_KEY=") + arize_key +
           " ARIZE_SPACE_ID=" + standins::arize::space_id +
           " ARIZE_PROJECT_NAME=night ARIZE_COLLECTOR_ENDPOINT=" + arize.origin();
  }

  standins::openrouter router;
  standins::arize arize;
};

}  // namespace

TEST_CASE("without keys the game loop plays against its stand-ins, and every span arrives") {
  if (!playground::possible()) return;
  for (const std::string transport : {"curl", "httplib"}) {
    playground here;
    here.run("", "--seconds 3 --transport " + transport);
    INFO(here.out << here.err);
    CHECK(here.status == 0);
    CHECK(here.err.empty());

    for (const char* part :
         {"4 of 9 turns", "\nConversation\n", "[look_up_ship {\"ship\":\"Grey Heron\"} -> {",
          "Up the mole, and the eel", "\nCalls\n", "\n            5 calls", "\nFrame time",
          "\n  tracing on ", "\n  tracing off ", "\nSpans\n",
          "  10 started, 10 exported, 0 held, 0 dropped\n",
          "  10 arrived at the Arize stand-in, every one as it should be\n", "\nFiles\n"}) {
      INFO(part);
      CHECK(contains(here.out, part));
    }
    CHECK(here.spans() == 10);

    CHECK(contains(here.page, "default-src 'none'"));
    CHECK(contains(here.page, "Up the mole, and the eel"));
    CHECK(count(here.page, "href=\"") == count(here.page, "href=\"#"));
    for (const char* loads : {"<link", "<img", "<iframe", " src=", "@import", "url("}) {
      INFO(loads);
      CHECK_FALSE(contains(here.page, loads));
    }
  }
}

TEST_CASE("with keys the game loop talks to the services, and no key is seen anywhere") {
  if (!playground::possible()) return;
  real_services real;
  playground here;
  here.run(real.openrouter_environment() + real.arize_environment(), "--seconds 1");
  INFO(here.out << here.err);
  CHECK(here.status == 0);
  CHECK(here.err.empty());
  CHECK(contains(here.out, "OPENROUTER_API_KEY is set"));
  CHECK(contains(here.out, "tracing off: not measured"));
  CHECK(contains(here.out, "Arize accepts what it will not show"));
  CHECK(real.arize.violations().empty());
  CHECK(real.arize.spans().size() > 3);
  CHECK(here.spans() == real.arize.spans().size());
}

TEST_CASE("calls that fail are shown, and their spans arrive all the same") {
  if (!playground::possible()) return;
  real_services real("sk-or-v1-another");
  playground here;
  SECTION("a key that OpenRouter does not know") {
    here.run(real.openrouter_environment(), "--seconds 1");
    CHECK(contains(here.out, "401 authentication"));
    CHECK(contains(here.out, "[no answer: "));
  }
  SECTION("nobody there") {
    here.run(std::string("OPENROUTER_API_KEY=") + router_key +
                 " OPENROUTER_BASE_URL=http://127.0.0.1:1/api/v1",
             "--seconds 1");
    CHECK(contains(here.out, "  connect\n"));
  }
  INFO(here.out << here.err);
  CHECK(here.status == 1);  // nobody answered
  CHECK(here.err.empty());
  CHECK(here.spans() == 4);  // two turns, a call in each
  CHECK(contains(here.page, "2 traces"));
}

TEST_CASE("spans that do not arrive are told by the exit status and in one line") {
  if (!playground::possible()) return;
  real_services real(router_key, "ak-another");
  playground here;
  here.run(real.arize_environment(), "--seconds 1");
  INFO(here.out << here.err);
  CHECK(here.status == 1);
  CHECK(contains(here.out, " 0 exported"));
  CHECK(contains(here.out, "unable to validate authorization"));
  CHECK(here.traces.empty());
  CHECK(contains(here.page, "no spans arrived"));
}

TEST_CASE("a mistake of the user is one line, and nothing is played") {
  if (!playground::possible()) return;
  for (const char* mistake :
       {"--seconds soon", "--fast", "--script /no/such/file", "--traces /no/such/folder/t.jsonl",
        "--html /no/such/folder/t.html"}) {
    playground here;
    here.run("", mistake);
    INFO(mistake << "\n" << here.out << here.err);
    CHECK(here.status == 2);
    CHECK(here.out.empty());
    CHECK(count(here.err, "\n") == 1);
    CHECK(here.err.compare(0, 11, "game_loop: ") == 0);
  }
  playground here;
  here.run(std::string("ARIZE_API_KEY=") + arize_key + " ARIZE_SPACE_ID=my-space", "--seconds 1");
  CHECK(here.status == 2);
  CHECK(count(here.err, "\n") == 1);
  CHECK(contains(here.err, "Space Key is not a Space ID"));
}
