package dev.millrace.operations.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HealthProbeTest {

  private static HealthServer server(Probe live) {
    return HealthServer.start("127.0.0.1", 0, () -> live, () -> Probe.OK, () -> "");
  }

  @Test
  void shouldAskWhetherTheProcessIsAlive() {
    try (HealthServer server = server(Probe.OK)) {
      assertThat(HealthProbe.isLive("" + server.port())).isTrue();
    }
  }

  @Test
  void shouldFailWhereItIsNot() {
    int port;
    try (HealthServer server = server(new Probe(List.of("the engine is lost")))) {
      port = server.port();
      assertThat(HealthProbe.isLive("" + port)).isFalse();
    }
    assertThat(HealthProbe.isLive("" + port)).as("nothing listens").isFalse();
  }

  @Test
  void shouldTakeThePortThatTheEnvironmentSets() {
    assertThat(HealthProbe.port(Map.of())).isEqualTo("9464");
    assertThat(HealthProbe.port(Map.of("MILLRACE_HEALTH_PORT", "8000"))).isEqualTo("8000");
  }
}
