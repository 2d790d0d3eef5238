package dev.millrace.operations.config;

import static dev.millrace.operations.config.ConfigKey.optional;
import static dev.millrace.operations.config.ConfigType.bytes;
import static dev.millrace.operations.config.ConfigType.oneOf;

import java.util.List;

/** What arrives; {@code documents.*}. */
public final class DocumentKeys {
  private static final long GIB = 1L << 30;

  public static final ConfigKey<DocumentFormat> FORMAT =
      optional(
          "documents.format",
          oneOf(DocumentFormat.class),
          "avro",
          "json",
          "What the values of the input topic are.");

  public static final ConfigKey<Long> BYTES_MAX =
      optional(
          "documents.bytes.max",
          bytes(1 << 10, GIB / 2),
          "4MiB",
          "1MiB",
          "Largest value that is enriched; a larger one is rejected.");

  /** In the order of the reference page. */
  public static final ConfigSection SECTION =
      ConfigSection.of("documents", "What arrives.", List.of(FORMAT, BYTES_MAX));

  private DocumentKeys() {}
}
