package dev.millrace.servers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LoopbackPortsTest {

  private static final long SEED = 20261121;

  private final LoopbackPorts ports = new LoopbackPorts(new Random(SEED));

  @Test
  void shouldGiveEachPortOnce() {
    Set<Integer> given = new HashSet<>();

    for (int i = 0; i < 50; i++) {
      assertThat(given.add(ports.free())).as("seed %d, port %d", SEED, i).isTrue();
    }
  }

  @Test
  void shouldStayBelowTheRangeOfOutgoingConnections() {
    for (int i = 0; i < 50; i++) {
      assertThat(ports.free()).isBetween(LoopbackPorts.FIRST, LoopbackPorts.LAST);
    }
    assertThat(LoopbackPorts.LAST).isLessThan(32_768);
  }

  @Test
  void shouldPassOverAPortInUse() throws IOException {
    int next = new LoopbackPorts(new Random(SEED)).free();

    try (ServerSocket taken = new ServerSocket(next, 1, loopback())) {
      assertThat(ports.free()).isNotEqualTo(taken.getLocalPort());
    }
  }

  @Test
  void shouldNameTheBusyPort() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, loopback())) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> ports.freeOr(port, "broker"))
          .isInstanceOf(ServerStartException.class)
          .hasMessageContaining("cannot start the broker")
          .hasMessageContaining("port " + port)
          .hasMessageContaining("in use");
      assertThat(LoopbackPorts.isServed(port, Duration.ofSeconds(1))).isTrue();
    }
  }

  @Test
  void shouldRefuseToStartABrokerOnABusyPort() throws IOException {
    ServerHome home = new ServerHome(Fixtures.fakeHome());
    try (ServerSocket taken = new ServerSocket(0, 1, loopback())) {
      ServerOptions options = ServerOptions.BROKER.withPort(taken.getLocalPort());

      assertThatThrownBy(() -> LocalBroker.start(options, home, StartListener.SILENT))
          .isInstanceOf(ServerStartException.class)
          .hasMessageContaining("port " + taken.getLocalPort());
    }
  }

  @Test
  void shouldSeeThatNobodyListens() {
    assertThat(LoopbackPorts.isServed(ports.free(), Duration.ofSeconds(1))).isFalse();
  }

  private static InetAddress loopback() throws IOException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }
}
