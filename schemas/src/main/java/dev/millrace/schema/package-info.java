/**
 * The data contract on the wire: schemas, Confluent wire format, registry client.
 *
 * <p>Knows Avro and the registry; never Kafka topics' processing, documents' meaning or the engine.
 * Thread-safe unless a class says otherwise. {@link dev.millrace.schema.ConfluentRegistry} alone
 * knows whose client the registry is reached with.
 */
@NullMarked
package dev.millrace.schema;

import org.jspecify.annotations.NullMarked;
