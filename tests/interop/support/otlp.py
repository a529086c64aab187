# SPDX-License-Identifier: MIT
"""OTLP requests in Python: parsed strictly, and as plain values to compare."""

import base64
import json
import os

KEYS = ("OPENROUTER_API_KEY", "ARIZE_API_KEY", "ARIZE_SPACE_ID", "ARIZE_PROJECT_NAME",
        "ARIZE_COLLECTOR_ENDPOINT", "PHOENIX_COLLECTOR_ENDPOINT", "PHOENIX_API_KEY",
        "PHOENIX_PROJECT_NAME")

ID_SIZES = {"traceId": 32, "spanId": 16, "parentSpanId": 16}


def environment_without_keys(**more):
    return dict({k: v for k, v in os.environ.items() if k not in KEYS}, **more)


def from_json(text, message, json_format):
    """OTLP's JSON is protobuf's, but for ids in hexadecimal digits and enums as numbers."""
    def translate(node):
        if isinstance(node, list):
            return [translate(each) for each in node]
        if not isinstance(node, dict):
            return node
        out = {}
        for key, value in node.items():
            if "_" in key:
                raise ValueError(f"{key} is not lowerCamelCase")
            if key in ("kind", "code") and not isinstance(value, int):
                raise ValueError(f"{key} is not a number")
            if key in ID_SIZES:
                if len(value) != ID_SIZES[key] or value != value.lower() or not int(value, 16):
                    raise ValueError(f"{key} {value!r} is no id")
                value = base64.b64encode(bytes.fromhex(value)).decode()
            out[key] = translate(value)
        return out

    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(f"a member is there twice: {[key for key, _ in pairs]}")
        return dict(pairs)

    node = json.loads(text, object_pairs_hook=unique)
    return json_format.ParseDict(translate(node), message, ignore_unknown_fields=False)


def unknown_fields(message, path=""):
    from google.protobuf.unknown_fields import UnknownFieldSet
    found = [f"{path}#{field.field_number}" for field in UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for each in value if hasattr(value, "__len__") and not hasattr(value, "ListFields") else [value]:
            found += unknown_fields(each, f"{path}.{field.name}")
    return found


def value_of(any_value):
    """An AnyValue of OTLP's JSON as a Python value that tells the types apart."""
    if not any_value:
        return None
    (kind, value), = any_value.items()
    if kind == "intValue":
        return int(value)
    if kind == "doubleValue":
        return float(value)
    if kind == "arrayValue":
        return [value_of(each) for each in value.get("values", [])]
    return value


def attributes_of(node):
    found = {}
    for each in node.get("attributes", []):
        assert each["key"] not in found, f"{each['key']} is there twice"
        found[each["key"]] = value_of(each["value"])
    return found


def spans_of(request):
    """The spans of a request in OTLP's JSON, by span id, as plain values."""
    found = {}
    for resource_spans in request["resourceSpans"]:
        resource = attributes_of(resource_spans.get("resource", {}))
        for scope_spans in resource_spans["scopeSpans"]:
            scope = scope_spans.get("scope", {})
            for span in scope_spans["spans"]:
                status = span.get("status", {})
                plain = {
                    "traceId": span["traceId"], "spanId": span["spanId"],
                    "parentSpanId": span.get("parentSpanId", ""), "name": span["name"],
                    "flags": span.get("flags", 0), "kind": span.get("kind", 0),
                    "start": int(span["startTimeUnixNano"]), "end": int(span["endTimeUnixNano"]),
                    "attributes": attributes_of(span),
                    "dropped": span.get("droppedAttributesCount", 0),
                    "events": [{"name": e["name"], "time": int(e["timeUnixNano"]),
                                "attributes": attributes_of(e)} for e in span.get("events", [])],
                    "status": (status.get("code", 0), status.get("message", "")),
                    "resource": resource, "scope": (scope.get("name"), scope.get("version")),
                }
                assert span["spanId"] not in found, f"span {span['spanId']} is there twice"
                found[span["spanId"]] = plain
    return found


def kept_spans(path, format_, gzip):
    """What `spans send` says was accepted, from the bodies as they went out."""
    import gzip as zipping
    found = {}
    for line in path.read_text().splitlines():
        body = bytes.fromhex(line)
        if gzip:
            body = zipping.decompress(body)
        request = json.loads(body) if format_ == "json" else protobuf_as_json(body)
        found.update(spans_of(request))
    return found


def protobuf_as_json(body):
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    message = ExportTraceServiceRequest()
    message.ParseFromString(body)
    request = json_format.MessageToDict(message, use_integers_for_enums=True)
    for resource_spans in request["resourceSpans"]:
        for scope_spans in resource_spans["scopeSpans"]:
            for span in scope_spans["spans"]:
                for key in ID_SIZES:
                    if key in span:
                        span[key] = base64.b64decode(span[key]).hex()
    return request
