package dev.millrace.schema;

import org.jspecify.annotations.Nullable;

/** A record's headers, as far as the wire format needs them; keeps Kafka's types out of here. */
@FunctionalInterface
public interface HeaderLookup {

  /** No headers. */
  HeaderLookup NONE = name -> null;

  /** The value of the last header of that name, or null. */
  byte @Nullable [] last(String name);
}
