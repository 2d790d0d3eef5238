package dev.millrace.operations.health;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * {@code /health/live}, {@code /health/ready} and {@code /metrics}. Thread-safe: answers on two
 * threads of its own; owned and closed by the application.
 */
public final class HealthServer implements AutoCloseable {
  private static final int OK = 200;
  private static final int METHOD_NOT_ALLOWED = 405;
  private static final int UNAVAILABLE = 503;

  private final HttpServer server;
  private final ExecutorService threads;

  private HealthServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Opens the port.
   *
   * @param port 0 for a free one
   * @param metrics text in Prometheus' exposition format
   * @throws IllegalStateException if the port cannot be opened; says which
   */
  public static HealthServer start(
      String host,
      int port,
      Supplier<Probe> live,
      Supplier<Probe> ready,
      Supplier<String> metrics) {
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 0);
    } catch (BindException e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "cannot answer probes: port %d of %s is in use, or this process may not bind it;"
                  + " set health.port or health.host",
              port,
              host),
          e);
    } catch (IOException | RuntimeException e) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "cannot answer probes on %s:%d: %s; set health.host and health.port",
              host,
              port,
              e.getClass().getSimpleName()),
          e);
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(2, Thread.ofPlatform().daemon().name("health-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/health/live", exchange -> answer(exchange, live.get()));
    server.createContext("/health/ready", exchange -> answer(exchange, ready.get()));
    server.createContext(
        "/metrics",
        exchange ->
            answer(exchange, OK, "text/plain; version=0.0.4; charset=utf-8", metrics.get()));
    server.start();
    return new HealthServer(server, threads);
  }

  /** The port that was opened. */
  public int port() {
    return server.getAddress().getPort();
  }

  private static void answer(HttpExchange exchange, Probe probe) throws IOException {
    List<String> lines = new ArrayList<>(probe.isOk() ? List.of("ok") : probe.problems());
    lines.addAll(probe.notes());
    answer(
        exchange,
        probe.isOk() ? OK : UNAVAILABLE,
        "text/plain; charset=utf-8",
        String.join("\n", lines) + "\n");
  }

  private static void answer(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    try (exchange) {
      if (!exchange.getRequestMethod().equals("GET")) {
        exchange.sendResponseHeaders(METHOD_NOT_ALLOWED, -1);
        return;
      }
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", type);
      exchange.sendResponseHeaders(status, bytes.length);
      try (OutputStream body = exchange.getResponseBody()) {
        body.write(bytes);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
