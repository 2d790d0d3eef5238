package dev.millrace.servers;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Ports on 127.0.0.1 that a server can be started on, killed on, and started on again.
 *
 * <p>They lie below the range the kernel takes the local ends of outgoing connections from (32768
 * on Linux, 49152 elsewhere): a client that keeps trying to reach a dead server's port inside that
 * range can be given that very port as its own end, connect to itself, and keep the server from
 * coming back.
 *
 * <p>Not thread-safe.
 */
final class LoopbackPorts {

  static final int FIRST = 20_000;
  static final int LAST = 32_000;
  private static final int TRIES = 200;

  private final RandomGenerator random;
  private final Set<Integer> given = new HashSet<>();

  LoopbackPorts(RandomGenerator random) {
    this.random = random;
  }

  /** A port that was free a moment ago and was not given before. */
  int free() {
    for (int i = 0; i < TRIES; i++) {
      int port = random.nextInt(FIRST, LAST);
      if (!given.contains(port) && isFree(port)) {
        given.add(port);
        return port;
      }
    }
    throw new ServerStartException(
        "cannot find a free port: "
            + TRIES
            + " tries between "
            + FIRST
            + " and "
            + LAST
            + " on "
            + address());
  }

  /** {@code wanted}, or a free port if that is 0. */
  int freeOr(int wanted, String server) {
    if (wanted == 0) {
      return free();
    }
    if (!isFree(wanted)) {
      throw new ServerStartException(
          "cannot start the "
              + server
              + ": port "
              + wanted
              + " on "
              + address()
              + " is in use; choose another, or 0 for any free one");
    }
    given.add(wanted);
    return wanted;
  }

  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(loopback(), port), 1);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Whether somebody listens on {@code port}. */
  static boolean isServed(int port, Duration within) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(loopback(), port), Math.toIntExact(within.toMillis()));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  static String address() {
    return "127.0.0.1";
  }

  private static InetAddress loopback() throws UnknownHostException {
    return InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
  }
}
