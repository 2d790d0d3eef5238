package dev.millrace.operations.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class HealthServerTest {
  private static HttpResponse<String> get(int port, String path)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void shouldAnswerProbesAndServeMetrics() throws IOException, InterruptedException {
    try (HealthServer server =
        HealthServer.start(
            "127.0.0.1",
            0,
            () -> Probe.OK,
            () -> new Probe(List.of("the streams are REBALANCING")),
            () -> "up 1\n")) {
      assertThat(get(server.port(), "/health/live").statusCode()).isEqualTo(200);
      HttpResponse<String> ready = get(server.port(), "/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).isEqualTo("the streams are REBALANCING\n");
      assertThat(get(server.port(), "/metrics").body()).isEqualTo("up 1\n");
      assertThat(get(server.port(), "/other").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void shouldShowNotesWithoutCountingThemAsWrong() throws IOException, InterruptedException {
    AtomicReference<Probe> ready = new AtomicReference<>(Probe.OK.withNotes(List.of("a", "b")));
    try (HealthServer server =
        HealthServer.start("127.0.0.1", 0, () -> Probe.OK, ready::get, () -> "")) {
      HttpResponse<String> well = get(server.port(), "/health/ready");
      assertThat(well.statusCode()).isEqualTo(200);
      assertThat(well.body()).isEqualTo("ok\na\nb\n");

      ready.set(new Probe(List.of("no broker"), List.of("a")));
      HttpResponse<String> unwell = get(server.port(), "/health/ready");
      assertThat(unwell.statusCode()).isEqualTo(503);
      assertThat(unwell.body()).isEqualTo("no broker\na\n");
    }
  }

  @Test
  void shouldSayWhichPortIsBusy() throws IOException {
    try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = busy.getLocalPort();

      assertThatThrownBy(
              () -> HealthServer.start("127.0.0.1", port, () -> Probe.OK, () -> Probe.OK, () -> ""))
          .hasMessageContaining("port " + port)
          .hasMessageContaining("health.port");
    }
  }
}
