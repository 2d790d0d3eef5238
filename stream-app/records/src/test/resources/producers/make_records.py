"""Writes records.jsonl: values as Python's producers write them.

confluent-kafka's AvroSerializer puts struct.pack(">bI", 0, id) before what fastavro's
schemaless_writer gives, its JSONSerializer before the JSON, its ProtobufSerializer before the
message's index (a zero for the first of a file) and its bytes. Those few bytes are written here
as documented; Avro's encoding is fastavro's own.

    pip install fastavro==1.12.2 && python make_records.py > records.jsonl
"""

import base64
import datetime
import decimal
import io
import json
import struct

import fastavro

UTC = datetime.timezone.utc
NOON = datetime.datetime(2026, 1, 31, 12, 0, 0, 1000, tzinfo=UTC)


def nullable(kind):
    return {"type": ["null", kind], "default": None}


def field(name, kind):
    return {"name": name, **kind} if isinstance(kind, dict) and "default" in kind else {"name": name, "type": kind}


def record(name, namespace, *fields, **more):
    return {"type": "record", "name": name, "namespace": namespace, "fields": list(fields), **more}


def avro(schema, value):
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(json.loads(json.dumps(schema))), value)
    return out.getvalue()


def line(name, kind, schema, payload):
    framed = struct.pack(">bI", 0, 7) + payload
    print(json.dumps({
        "name": name,
        "type": kind,
        "schema": schema if isinstance(schema, str) else json.dumps(schema),
        "value": base64.b64encode(framed).decode(),
    }))


ksql = record(
    "KsqlDataSourceSchema", "io.confluent.ksql.avro_schemas",
    field("ID", nullable("string")),
    field("BODY", nullable("string")),
    field("PRICE", nullable({
        "type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2,
        "connect.name": "org.apache.kafka.connect.data.Decimal",
        "connect.parameters": {"scale": "2"}})),
    field("AT", nullable({"type": "long", "logicalType": "timestamp-millis"})))
line("ksql", "AVRO", ksql,
     avro(ksql, {"ID": "k1", "BODY": "A mill.", "PRICE": decimal.Decimal("12.50"), "AT": NOON}))
line("ksql-null", "AVRO", ksql, avro(ksql, {"ID": "k2", "BODY": None, "PRICE": None, "AT": None}))

row = record("Value", "shop.public.notes",
             field("id", "int"),
             field("body", nullable("string")),
             field("changed", nullable(
                 {"type": "long", "connect.version": 1,
                  "connect.name": "io.debezium.time.MicroTimestamp"})))
debezium = record(
    "Envelope", "shop.public.notes",
    field("before", nullable(row)),
    field("after", nullable("shop.public.notes.Value")),
    field("source", record("Source", "io.debezium.connector.postgresql",
                           field("table", "string"), field("lsn", nullable("long")))),
    field("op", "string"),
    field("ts_ms", nullable("long")))
source = {"table": "notes", "lsn": 4}
after = {"id": 5, "body": "A mill.", "changed": 1769860800000001}
line("debezium", "AVRO", debezium, avro(debezium, {
    "before": None, "after": after, "source": source, "op": "c", "ts_ms": 1}))
line("debezium-delete", "AVRO", debezium, avro(debezium, {
    "before": after, "after": None, "source": source, "op": "d", "ts_ms": 1}))

dataclass = record(
    "Note", "acme",
    field("id", {"type": "string", "logicalType": "uuid"}),
    field("text", "string"),
    field("language", {"type": "enum", "name": "Language", "symbols": ["en", "it"]}),
    field("createdAt", {"type": "long", "logicalType": "timestamp-micros"}),
    field("attributes", {"type": "map", "values": ["string", "null"]}))
line("dataclass", "AVRO", dataclass, avro(dataclass, {
    "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "text": "Un mulino.", "language": "it",
    "createdAt": NOON, "attributes": {"k": "v"}}))

line("json-schema", "JSON", {"type": "object"},
     json.dumps({"id": "j1", "text": "A mill."}).encode())
line("protobuf", "PROTOBUF",
     'syntax = "proto3"; message Note { string id = 1; string text = 2; }',
     b"\x00" + b"\x0a\x02p1" + b"\x12\x07A mill.")
