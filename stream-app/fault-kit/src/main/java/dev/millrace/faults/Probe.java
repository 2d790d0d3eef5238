package dev.millrace.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an instance says about itself over HTTP.
 *
 * @param port where it answers
 */
record Probe(int port) {
  private static final Pattern STARTED = Pattern.compile("probes on 127\\.0\\.0\\.1:(\\d+)");
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Of the present life of an instance, which chose its port. */
  static Probe of(ChildNode node) {
    int port = 0;
    try {
      Matcher matcher = STARTED.matcher(Files.readString(node.log()));
      while (matcher.find()) {
        port = Integer.parseInt(matcher.group(1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + node.log(), e);
    }
    return new Probe(port);
  }

  /** The text of an answer, whatever its status; what went wrong if there is none. */
  String ask(String path) {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .timeout(PATIENCE)
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException e) {
      return "no answer: " + e;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
