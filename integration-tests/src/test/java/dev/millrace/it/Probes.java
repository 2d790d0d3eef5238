package dev.millrace.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * What an application says about itself over HTTP.
 *
 * @param port where it answers
 */
record Probes(int port) {
  private static final Duration STEP = Duration.ofMillis(100);

  /** A port that nobody uses just now. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** The text of an answer, whatever its status. */
  String get(String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .timeout(Duration.ofSeconds(20))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  /** Waits until the application is ready. */
  void awaitReady(Duration patience) throws IOException, InterruptedException {
    awaitReadiness("ok\n", patience);
  }

  /** Waits until the application is not ready for a reason that contains {@code text}. */
  void awaitReadiness(String text, Duration patience) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    String said = get("/health/ready");
    while (!said.contains(text) && System.nanoTime() - deadline < 0) {
      Thread.sleep(STEP);
      said = get("/health/ready");
    }
    assertThat(said).contains(text);
  }
}
