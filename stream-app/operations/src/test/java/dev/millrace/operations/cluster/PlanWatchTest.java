package dev.millrace.operations.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.records.PlanFingerprint;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PlanWatchTest {
  private static final PlanFingerprint OWN = PlanFingerprint.of(Map.of("plan", "a"));
  private static final PlanFingerprint OTHER = PlanFingerprint.of(Map.of("plan", "b"));

  private final List<String> members = new ArrayList<>();
  private final PlanWatch watch = new PlanWatch("my.app", OWN, (_, _) -> members, System::nanoTime);

  @AfterEach
  void close() {
    watch.close();
  }

  private static String member(String instance, PlanFingerprint plan) {
    return PlanWatch.member(instance, plan) + "-1";
  }

  @Test
  void shouldNameInstancesThatRunAnotherPlan() throws InterruptedException {
    members.add(member("host-0", OWN));
    members.add(member("host-1", OWN));
    watch.look();
    assertThat(watch.notes()).isEmpty();

    members.add(member("host-2.plan-x", OTHER));
    members.add(member("host-2.plan-x", OTHER));
    watch.look();
    assertThat(watch.notes())
        .singleElement()
        .asString()
        .contains("group my.app", OWN.hex(), "{" + OTHER.hex() + "=[host-2.plan-x]}");

    members.removeIf(id -> id.contains("host-2"));
    watch.look();
    assertThat(watch.notes()).isEmpty();
  }

  @Test
  void shouldPassOverMembersThatSayNothing() throws InterruptedException {
    members.add("my.app-1234-StreamThread-1-consumer");
    watch.look();
    assertThat(watch.notes()).isEmpty();
  }

  @Test
  void shouldTellPlansApart() {
    assertThat(OWN.hex()).matches("[0-9a-f]{16}").isNotEqualTo(OTHER.hex());
    assertThat(OWN.number()).isNotEqualTo(OTHER.number());
    assertThat(PlanFingerprint.of(Map.of("ab", "c")))
        .isNotEqualTo(PlanFingerprint.of(Map.of("a", "bc")));
  }
}
