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
import java.util.concurrent.ThreadLocalRandom;

/**
 * What an application says about itself over HTTP.
 *
 * @param port where it answers
 */
record Probes(int port) {
  private static final Duration STEP = Duration.ofMillis(100);

  /**
   * A port that nobody uses just now, below those the kernel gives to outgoing connections: none of
   * them takes it before the application does.
   */
  static int freePort() {
    for (int i = 0; i < 200; i++) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return port;
      } catch (IOException e) {
        // In use: another.
      }
    }
    throw new IllegalStateException("no free port between 20000 and 32000 in 200 tries");
  }

  /** The text of an answer, whatever its status. */
  String get(String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .timeout(Duration.ofSeconds(60))
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
