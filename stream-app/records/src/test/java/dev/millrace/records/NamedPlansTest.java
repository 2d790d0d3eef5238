package dev.millrace.records;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.enrichment.Document;
import dev.millrace.enrichment.Enricher;
import dev.millrace.enrichment.RejectReason;
import dev.millrace.records.EnricherChoice.Chosen;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NamedPlansTest {
  private final List<Object> cancelled = new ArrayList<>();
  private final Enricher usual = new Silent();
  private final Enricher brief = new Silent();
  private final Enricher last = new Silent();

  private final class Silent implements Enricher {
    @Override
    public void submit(
        Object owner,
        Document document,
        int attempt,
        long deadlineNanos,
        OutcomeListener listener) {}

    @Override
    public void cancelAll(Object owner) {
      cancelled.add(owner);
    }

    @Override
    public void close() {}
  }

  private static SourceRecord record(byte @Nullable [] header) {
    RecordHeaders headers = new RecordHeaders();
    if (header != null) {
      headers.add("plan", header);
    }
    return new SourceRecord(null, 0, null, headers, new byte[] {1});
  }

  private static SourceRecord record(String header) {
    return record(header.getBytes(StandardCharsets.UTF_8));
  }

  private static Document of(String tenant) {
    return new Document("id", "text", "", "", "", tenant, Map.of(), Instant.EPOCH);
  }

  private static Enricher enricher(Chosen chosen) {
    return ((Chosen.By) chosen).enricher();
  }

  @Test
  void shouldChooseByAHeader() {
    NamedPlans plans =
        NamedPlans.byHeader("plan", Map.of("brief", brief), usual, Optional.of(last));

    assertThat(enricher(plans.choose(record("brief"), of("")))).isSameAs(brief);
    assertThat(enricher(plans.choose(record((byte[]) null), of("brief")))).isSameAs(usual);
    assertThat(enricher(plans.choose(record(""), of("")))).isSameAs(usual);
    assertThat(enricher(plans.choose(record("Brief"), of("")))).isSameAs(last);
    assertThat(enricher(plans.choose(record(new byte[] {(byte) 0xff}), of("")))).isSameAs(last);
  }

  @Test
  void shouldChooseByTheTenant() {
    NamedPlans plans = NamedPlans.byTenant(Map.of("brief", brief), usual, Optional.of(last));

    assertThat(enricher(plans.choose(record("other"), of("brief")))).isSameAs(brief);
    assertThat(enricher(plans.choose(record("brief"), of("")))).isSameAs(usual);
    assertThat(enricher(plans.choose(record("brief"), of("other")))).isSameAs(last);
  }

  @Test
  void shouldRejectAnUnknownNameWithoutQuotingIt() {
    NamedPlans plans = NamedPlans.byTenant(Map.of("brief", brief), usual, Optional.empty());

    Chosen chosen = plans.choose(record(""), of("a secret tenant"));

    assertThat(chosen).isInstanceOf(Chosen.None.class);
    assertThat(((Chosen.None) chosen).rejected().reason()).isEqualTo(RejectReason.UNKNOWN_PLAN);
    assertThat(((Chosen.None) chosen).rejected().message())
        .contains("tenant")
        .contains("[brief]")
        .doesNotContain("secret");
  }

  @Test
  void shouldCancelWithAllOfThemOnce() {
    NamedPlans plans =
        NamedPlans.byTenant(Map.of("brief", brief, "usual", usual), usual, Optional.of(last));

    plans.cancelAll("me");

    assertThat(cancelled).containsExactly("me", "me", "me");
  }
}
