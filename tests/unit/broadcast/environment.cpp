// SPDX-License-Identifier: MIT
#include "orcast/broadcast/environment.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include <unistd.h>

#include "support/catch.hpp"

using namespace orcast;

namespace {

struct outcome {
  broadcast_options options;
  std::string complaints;
};

/// With no other variable of ours set.
outcome with(const std::map<std::string, std::string>& variables) {
  const auto clear = [] {
    for (bool found = true; found;) {
      found = false;
      for (char** each = environ; *each != nullptr; ++each) {
        const std::string line(*each);
        if (line.compare(0, 5, "OTEL_") != 0 && line.compare(0, 6, "ARIZE_") != 0 &&
            line.compare(0, 8, "PHOENIX_") != 0 && line.compare(0, 14, "OPENINFERENCE_") != 0) {
          continue;
        }
        ::unsetenv(line.substr(0, line.find('=')).c_str());
        found = true;
        break;
      }
    }
  };
  clear();
  for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
  outcome made;
  made.options = options_from_environment(&made.complaints);
  clear();
  return made;
}

const std::map<std::string, std::string> arize = {{"ARIZE_API_KEY", "ak-canary"},
                                                  {"ARIZE_SPACE_ID", "U3BhY2U6MTphYmM="},
                                                  {"ARIZE_PROJECT_NAME", "harbour"}};

std::map<std::string, std::string> arize_and(const std::map<std::string, std::string>& more) {
  std::map<std::string, std::string> all = more;
  all.insert(arize.begin(), arize.end());
  return all;
}

}  // namespace

TEST_CASE("Arize's variables make the first destination") {
  const outcome made = with(arize);
  CHECK(made.options.settings.kind == destination_kind::arize);
  CHECK(made.options.settings.api_key.reveal() == "ak-canary");
  CHECK(made.options.settings.model_id == "harbour");
  CHECK(made.options.also.empty());
  CHECK(made.complaints.empty());
  CHECK(validate(made.options.settings).ok());
}

TEST_CASE("an OTLP endpoint is a destination of its own, which never gets Arize's keys") {
  const outcome both = with(arize_and({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"},
                                       {"OTEL_EXPORTER_OTLP_HEADERS", "x-team=npc,auth=a%20b"}}));
  CHECK(both.options.settings.api_key.reveal() == "ak-canary");
  CHECK(both.options.settings.base_url.empty());
  CHECK(both.options.settings.headers.empty());
  REQUIRE(both.options.also.size() == 1);
  const broadcast_settings& otel = both.options.also[0];
  CHECK(otel.name == "otel");
  CHECK(otel.kind == destination_kind::otlp);
  CHECK(otel.api_key.empty());
  CHECK(otel.space_key.empty());
  CHECK(*traces_url(otel) == "http://collector:4318/v1/traces");
  CHECK(otel.model_id == "harbour");
  CHECK(validate(otel).ok());
  std::vector<http::header> headers;
  append_headers(otel, headers);
  REQUIRE(headers.size() == 2);
  CHECK(headers[0].name == "x-team");
  CHECK(headers[1].value == "a b");

  const outcome alone = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/base/"}});
  CHECK(alone.options.settings.name == "otel");
  CHECK(*traces_url(alone.options.settings) == "http://collector:4318/base/v1/traces");
  CHECK(alone.options.also.empty());
}

TEST_CASE("the traces' own endpoint is used as it stands") {
  const std::pair<const char*, const char*> cases[] = {
      {"http://collector:4318", "http://collector:4318/"},
      {"http://collector:4318/", "http://collector:4318/"},
      {"http://collector:4318/custom", "http://collector:4318/custom"},
      {"https://collector/v1/traces", "https://collector/v1/traces"},
      {"https://collector/in?team=npc", "https://collector/in?team=npc"}};
  for (const auto& [written, expected] : cases) {
    const outcome made = with({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", written},
                               {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:1"}});
    CHECK(*traces_url(made.options.settings) == expected);
  }
}

TEST_CASE("what concerns traces alone counts before what concerns all signals") {
  const outcome made = with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                             {"OTEL_EXPORTER_OTLP_HEADERS", "a=1"},
                             {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "b=2"},
                             {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
                             {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"},
                             {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
                             {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/protobuf"},
                             {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "10"},
                             {"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20"}});
  REQUIRE(made.options.settings.headers.size() == 1);
  CHECK(made.options.settings.headers[0].name == "b");
  CHECK(made.options.timeout_ms == 2000);
  CHECK(made.options.settings.format == otlp::format::protobuf);
  CHECK(made.options.max_value_bytes == 20);
  CHECK(made.complaints.empty());
}

TEST_CASE("OpenInference's masks hold wherever the environment sends spans to") {
  const std::map<std::string, std::string> places[] = {
      arize,
      {{"PHOENIX_COLLECTOR_ENDPOINT", "http://127.0.0.1:6006"}},
      {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}},
      arize_and({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}})};
  for (std::map<std::string, std::string> variables : places) {
    CAPTURE(variables.begin()->first);
    variables["OPENINFERENCE_HIDE_INPUTS"] = "true";
    const outcome made = with(variables);
    CHECK(made.options.settings.hide.hide_inputs);
    CHECK_FALSE(made.options.settings.hide.hide_outputs);
    for (const broadcast_settings& each : made.options.also) CHECK(each.hide.hide_inputs);
  }
}

TEST_CASE("a mask that can't be read is complained of, wherever spans go to") {
  const std::map<std::string, std::string> places[] = {
      arize,
      {{"PHOENIX_COLLECTOR_ENDPOINT", "http://127.0.0.1:6006"}},
      {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}}};
  for (std::map<std::string, std::string> variables : places) {
    variables["OPENINFERENCE_HIDE_INPUTS"] = "yes";
    CHECK(with(variables).complaints ==
          "OPENINFERENCE_HIDE_INPUTS is neither true nor false and was not used.");
  }
}

TEST_CASE("an endpoint that can't be used is left out by name, and Arize goes on") {
  struct {
    const char* name;
    const char* value;
  } const cases[] = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://canary:4317"},
                     {"OTEL_EXPORTER_OTLP_ENDPOINT", "canary:4318"},
                     {"OTEL_EXPORTER_OTLP_ENDPOINT", " http://canary:4318"},
                     {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://canary:4318?team=npc"},
                     {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "canary"},
                     {"OTEL_EXPORTER_OTLP_HEADERS", "canary=\xc3\xbc,content-length=5"},
                     {"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "can ary=1"}};
  for (const auto& each : cases) {
    INFO(each.name << "=" << each.value);
    std::map<std::string, std::string> variables = {{each.name, each.value}};
    variables.insert({"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"});
    const outcome both = with(arize_and(variables));
    CHECK(both.options.settings.kind == destination_kind::arize);
    CHECK(both.options.settings.enabled);
    CHECK(both.options.also.empty());
    CHECK(both.complaints.find(each.name) == 0);
    CHECK(both.complaints.find("canary") == std::string::npos);
    CHECK(both.complaints.find("can ary") == std::string::npos);
    // The only one is kept, so that start() says that nothing would be sent.
    const outcome alone = with(variables);
    CHECK(alone.options.settings.name == "otel");
    CHECK_FALSE(validate(alone.options.settings).ok());
    CHECK(alone.complaints.find(each.name) == 0);
  }
}

TEST_CASE("the service's name and resource go to every destination") {
  const outcome made =
      with(arize_and({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                      {"OTEL_SERVICE_NAME", "game"},
                      {"OTEL_RESOURCE_ATTRIBUTES", " service.name=other , region = eu%2Cwest ,"}}));
  for (const broadcast_settings* each : {&made.options.settings, &made.options.also.at(0)}) {
    CHECK(each->service_name == "game");
    REQUIRE(each->resource.size() == 1);
    CHECK(each->resource[0].key == "region");
    CHECK(each->resource[0].value == "eu,west");
  }
  CHECK(with(arize_and({{"OTEL_RESOURCE_ATTRIBUTES", "service.name=other"}}))
            .options.settings.service_name == "other");
}

TEST_CASE("one flaw in a list discards all of it, and is complained of without its value") {
  for (const char* wrong : {"a=1,canary", "=canary", "a=%zzcanary", "a=1,b=%2"}) {
    const outcome made = with(arize_and({{"OTEL_RESOURCE_ATTRIBUTES", wrong}}));
    CHECK(made.options.settings.resource.empty());
    CHECK(made.complaints.find("OTEL_RESOURCE_ATTRIBUTES is not a list") == 0);
    CHECK(made.complaints.find("canary") == std::string::npos);
  }
}

TEST_CASE("samplers become a rate, or nothing is sent") {
  const auto rate = [](const char* sampler, const char* argument) {
    const outcome made =
        with(arize_and({{"OTEL_TRACES_SAMPLER", sampler}, {"OTEL_TRACES_SAMPLER_ARG", argument}}));
    return made.options.settings.enabled ? made.options.settings.sampling_rate : 0.0;
  };
  CHECK(rate("", "0.5") == 1.0);
  CHECK(rate("always_on", "0.5") == 1.0);
  CHECK(rate("Always_Off", "") == 0.0);
  CHECK(rate("parentbased_always_off", "") == 0.0);
  CHECK(rate("traceidratio", "0.25") == 0.25);
  CHECK(rate("parentbased_traceidratio", "0") == 0.0);
  CHECK(rate("traceidratio", "") == 1.0);
  CHECK(rate("traceidratio", "1.5") == 1.0);
  CHECK(rate("traceidratio", "0.25 ") == 1.0);
  CHECK(rate("traceidratio", "nan") == 1.0);
  CHECK(rate("jaeger_remote", "") == 1.0);
  CHECK(rate("traceidratio", "0.00001") == 0.0001);
  CHECK(with(arize_and(
                 {{"OTEL_TRACES_SAMPLER", "traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.00001"}}))
            .complaints.find("OTEL_TRACES_SAMPLER_ARG is less than") == 0);
}

TEST_CASE("values follow the specification: empty is unset, odd is complained of and not used") {
  struct {
    const char* name;
    const char* value;
    bool complained;
  } const cases[] = {{"OTEL_SDK_DISABLED", "", false},
                     {"OTEL_SDK_DISABLED", "1", true},
                     {"OTEL_SDK_DISABLED", "FALSE", false},
                     {"OTEL_BSP_SCHEDULE_DELAY", "soon", true},
                     {"OTEL_BSP_SCHEDULE_DELAY", "-1", true},
                     {"OTEL_BSP_SCHEDULE_DELAY", "2147483648", true},
                     {"OTEL_BSP_SCHEDULE_DELAY", "99999999999999999999", true},
                     {"OTEL_BSP_SCHEDULE_DELAY", "1000", false},
                     {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", true},
                     {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000001", true},
                     {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", true},
                     {"OTEL_EXPORTER_OTLP_COMPRESSION", "none", false},
                     {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip", true},
                     {"OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem", true},
                     {"OTEL_TRACES_EXPORTER", "zipkin", true},
                     {"OTEL_TRACES_SAMPLER", "odd", true}};
  for (const auto& each : cases) {
    INFO(each.name << "=" << each.value);
    const outcome made =
        with({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}, {each.name, each.value}});
    CHECK(made.options.settings.enabled);
    CHECK(made.options.exporting.delay_ms == 1000);
    CHECK(made.options.exporting.batch_spans == 512);
    CHECK((made.complaints.find(each.name) == 0) == each.complained);
  }
  CHECK_FALSE(with(arize_and({{"OTEL_SDK_DISABLED", "True"}})).options.settings.enabled);
  CHECK(with({{"OTEL_EXPORTER_OTLP_TIMEOUT", "0"}}).options.timeout_ms == 86'400'000);
  CHECK(with({{"OTEL_BSP_SCHEDULE_DELAY", "7"}}).options.exporting.delay_ms == 7);
  CHECK(with({{"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000000"}}).options.exporting.batch_spans ==
        1'000'000);
  CHECK(with(arize_and({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"},
                        {"OTEL_TRACES_EXPORTER", "none"}}))
            .options.also.empty());
}

TEST_CASE("a configuration file makes the other variables of OpenTelemetry void") {
  const outcome made = with(arize_and({{"OTEL_CONFIG_FILE", "otel.yaml"},
                                       {"OTEL_SDK_DISABLED", "true"},
                                       {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318"}}));
  CHECK(made.options.settings.enabled);
  CHECK(made.options.also.empty());
  CHECK(made.complaints.find("OTEL_CONFIG_FILE") == 0);
}
