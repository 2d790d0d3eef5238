/**
 * The data contract on the wire: schemas, Confluent wire format, registry client.
 *
 * <p>Knows Avro and the registry; never Kafka topics' processing, documents' meaning or the engine.
 */
@NullMarked
package dev.millrace.schema;

import org.jspecify.annotations.NullMarked;
