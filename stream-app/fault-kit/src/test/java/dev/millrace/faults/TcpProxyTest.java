package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpProxyTest {
  private static final int PATIENCE_MILLIS = 20_000;
  private static final int SILENCE_MILLIS = 200;

  private final BlockingQueue<Integer> heard = new LinkedBlockingQueue<>();
  private ServerSocket echo;
  private TcpProxy proxy;

  @BeforeEach
  void open() throws IOException {
    echo = new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::serve);
    proxy = TcpProxy.open();
    proxy.target(echo.getLocalPort());
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    echo.close();
  }

  private void serve() {
    while (true) {
      try {
        Socket socket = echo.accept();
        Thread.ofPlatform()
            .daemon()
            .start(() -> {
              try (socket) {
                for (int b = socket.getInputStream().read();
                    b >= 0;
                    b = socket.getInputStream().read()) {
                  heard.add(b);
                  socket.getOutputStream().write(b);
                }
              } catch (IOException e) {
                // Reset, as the tests do.
              }
            });
      } catch (IOException e) {
        return;
      }
    }
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), proxy.port()));
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  private static int ask(Socket socket, int b) throws IOException {
    socket.getOutputStream().write(b);
    return socket.getInputStream().read();
  }

  @Test
  void shouldPassBytesBothWays() throws IOException {
    try (Socket socket = connect()) {
      assertThat(ask(socket, 7)).isEqualTo(7);
      assertThat(ask(socket, 8)).isEqualTo(8);
    }
  }

  @Test
  void shouldLetConnectionsWaitForATarget() throws IOException {
    try (TcpProxy late = TcpProxy.open();
        Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), late.port()));
      socket.setSoTimeout(SILENCE_MILLIS);
      assertThatThrownBy(() -> ask(socket, 7)).isInstanceOf(SocketTimeoutException.class);
      late.target(echo.getLocalPort());
      socket.setSoTimeout(PATIENCE_MILLIS);
      assertThat(socket.getInputStream().read()).isEqualTo(7);
    }
  }

  @Test
  void shouldResetConnectionsWhileCut() throws IOException {
    try (Socket socket = connect()) {
      assertThat(ask(socket, 1)).isEqualTo(1);
      proxy.mode(TcpProxy.Mode.CUT);
      assertThatThrownBy(() -> endOf(socket)).isInstanceOf(IOException.class);
    }
    try (Socket socket = connect()) {
      assertThatThrownBy(() -> endOf(socket)).isInstanceOf(IOException.class);
    }
    proxy.mode(TcpProxy.Mode.PASS);
    try (Socket socket = connect()) {
      assertThat(ask(socket, 2)).isEqualTo(2);
    }
  }

  /** A reset is an exception, a farewell is not. */
  private static void endOf(Socket socket) throws IOException {
    assertThat(ask(socket, 1)).isEqualTo(-1);
    throw new AssertionError("ended in good order");
  }

  @Test
  void shouldHoldAllBytesWhileStalledAndLoseNone() throws IOException {
    try (Socket socket = connect()) {
      assertThat(ask(socket, 1)).isEqualTo(1);
      proxy.mode(TcpProxy.Mode.STALL);
      socket.setSoTimeout(SILENCE_MILLIS);
      assertThatThrownBy(() -> ask(socket, 2)).isInstanceOf(SocketTimeoutException.class);
      proxy.mode(TcpProxy.Mode.PASS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      assertThat(socket.getInputStream().read()).isEqualTo(2);
    }
  }

  @Test
  void shouldLoseAnswersAloneWhileHalfOpen() throws Exception {
    try (Socket socket = connect()) {
      assertThat(ask(socket, 1)).isEqualTo(1);
      assertThat(heard.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(1);
      proxy.mode(TcpProxy.Mode.HALF_OPEN);
      socket.setSoTimeout(SILENCE_MILLIS);
      assertThatThrownBy(() -> ask(socket, 2)).isInstanceOf(SocketTimeoutException.class);
      assertThat(heard.poll(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)).isEqualTo(2);
      proxy.mode(TcpProxy.Mode.PASS);
      socket.setSoTimeout(PATIENCE_MILLIS);
      assertThatThrownBy(() -> endOf(socket)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void shouldDelayBytes() throws IOException {
    proxy.delay(Duration.ofMillis(50));
    try (Socket socket = connect()) {
      long begin = System.nanoTime();
      assertThat(ask(socket, 1)).isEqualTo(1);
      assertThat(System.nanoTime() - begin)
          .as("there and back")
          .isGreaterThanOrEqualTo(Duration.ofMillis(100).toNanos());
    }
  }
}
