package dev.millrace.records;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.Outcome;
import dev.millrace.enrichment.RejectReason;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Chooses by a name that the record's header or the document's tenant gives. Thread-safe because
 * the enrichers are.
 */
public final class NamedPlans implements EnricherChoice {
  private final String source;
  private final @Nullable String header;
  private final Map<String, Enricher> plans;
  private final Enricher otherwise;
  private final Optional<Enricher> unknown;

  private NamedPlans(
      String source,
      @Nullable String header,
      Map<String, Enricher> plans,
      Enricher otherwise,
      Optional<Enricher> unknown) {
    this.source = source;
    this.header = header;
    this.plans = new TreeMap<>(plans);
    this.otherwise = otherwise;
    this.unknown = unknown;
  }

  /**
   * By a header of the record.
   *
   * @param plans enrichers by the plan's name, borrowed
   * @param otherwise for records without the header
   * @param unknown for names that are none of the plans; empty to reject them
   */
  public static NamedPlans byHeader(
      String header, Map<String, Enricher> plans, Enricher otherwise, Optional<Enricher> unknown) {
    return new NamedPlans("header " + header, header, plans, otherwise, unknown);
  }

  /**
   * By the document's tenant.
   *
   * @param plans enrichers by the tenant, borrowed
   * @param otherwise for documents without a tenant
   * @param unknown for tenants that have no plan; empty to reject them
   */
  public static NamedPlans byTenant(
      Map<String, Enricher> plans, Enricher otherwise, Optional<Enricher> unknown) {
    return new NamedPlans("tenant", null, plans, otherwise, unknown);
  }

  @Override
  public Chosen choose(SourceRecord record, Document document) {
    String name = header == null ? document.tenant() : value(record, header);
    if (name.isEmpty()) {
      return new Chosen.By(otherwise);
    }
    Enricher named = plans.get(name);
    if (named != null) {
      return new Chosen.By(named);
    }
    return unknown
        .<Chosen>map(Chosen.By::new)
        .orElseGet(() ->
            new Chosen.None(
                new Outcome.Rejected(
                    RejectReason.UNKNOWN_PLAN,
                    "the %s names a plan that there is not; there are %s"
                        .formatted(source, plans.keySet()))));
  }

  private static String value(SourceRecord record, String name) {
    Header found = record.headers().lastHeader(name);
    byte[] bytes = found == null ? null : found.value();
    // What is no text names no plan, and is not taken for a record without the header.
    return bytes == null
        ? ""
        : StrictUtf8.decode(bytes).orElse(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  @Override
  public void cancelAll(Object owner) {
    Set<Enricher> all = new LinkedHashSet<>(plans.values());
    all.add(otherwise);
    unknown.ifPresent(all::add);
    all.forEach(enricher -> enricher.cancelAll(owner));
  }
}
