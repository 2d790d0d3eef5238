package dev.millrace.faults;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A network that can be treated badly: whoever connects to its port on loopback reaches a server,
 * until it is told otherwise. Thread-safe.
 */
public final class TcpProxy implements AutoCloseable {
  private static final int PORT_FIRST = 20_000;
  private static final int PORT_LAST = 32_000;
  private static final int TRIES = 200;
  private static final int BUFFER_BYTES = 16 << 10;

  /** What becomes of bytes and connections. */
  public enum Mode {
    /** Bytes pass, after the delay. */
    PASS,
    /** Connections are reset, and new ones as well. */
    CUT,
    /** Connections stay, new ones are taken, and no byte passes: all of them wait. */
    STALL,
    /** Bytes to the server pass, and its answers are thrown away: the server is heard no more. */
    HALF_OPEN
  }

  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final Object change = new Object();
  private Mode mode = Mode.PASS;
  private Duration delay = Duration.ZERO;
  private int target;
  private boolean closed;

  private TcpProxy(ServerSocket listener) {
    this.listener = listener;
    Thread.ofVirtual().name("proxy").start(this::accept);
  }

  /** Opens a port; connections wait until {@link #target} says where they go. */
  public static TcpProxy open() {
    for (int i = 0; i < TRIES; i++) {
      // Below the ports of outgoing connections: none of them can take ours.
      int port = ThreadLocalRandom.current().nextInt(PORT_FIRST, PORT_LAST);
      try {
        return new TcpProxy(new ServerSocket(port, 0, InetAddress.getLoopbackAddress()));
      } catch (IOException e) {
        // In use: another.
      }
    }
    throw new UncheckedIOException(
        new IOException("no free port between " + PORT_FIRST + " and " + PORT_LAST));
  }

  /** The port that clients connect to. */
  public int port() {
    return listener.getLocalPort();
  }

  /** Names the server's port on loopback. */
  public void target(int port) {
    synchronized (change) {
      target = port;
      change.notifyAll();
    }
  }

  /** Changes what becomes of bytes and connections, those that are there included. */
  public void mode(Mode now) {
    Mode before;
    synchronized (change) {
      before = mode;
      mode = now;
      change.notifyAll();
    }
    // Whoever waits for an answer that was lost need not wait until it gives up.
    if (now == Mode.CUT || before == Mode.HALF_OPEN) {
      sockets.forEach(TcpProxy::reset);
    }
  }

  /** Holds every piece of data for a while, in each direction. */
  public void delay(Duration now) {
    synchronized (change) {
      delay = now;
    }
  }

  private void accept() {
    while (true) {
      try {
        Socket client = listener.accept();
        Thread.ofVirtual().name("proxy-connection").start(() -> connect(client));
      } catch (IOException e) {
        synchronized (change) {
          if (closed) {
            return;
          }
        }
      }
    }
  }

  private void connect(Socket client) {
    sockets.add(client);
    Socket server = new Socket();
    sockets.add(server);
    try {
      if (awaitPassing(true) == Mode.CUT) {
        throw new IOException("cut");
      }
      int port;
      synchronized (change) {
        port = target;
      }
      server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      Thread.ofVirtual().name("proxy-up").start(() -> pump(client, server, true));
      pump(server, client, false);
    } catch (IOException e) {
      drop(client, server);
    }
  }

  private void pump(Socket from, Socket to, boolean toServer) {
    byte[] bytes = new byte[BUFFER_BYTES];
    boolean lost = false;
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
        Mode now = awaitPassing(toServer);
        if (now == Mode.CUT) {
          throw new IOException("cut");
        }
        Duration held;
        synchronized (change) {
          held = delay;
        }
        if (!held.isZero()) {
          Thread.sleep(held);
        }
        if (now == Mode.HALF_OPEN && !toServer) {
          lost = true;
        } else if (lost) {
          // No network gives a connection with a hole in it: it can only be begun again.
          throw new IOException("answers were lost");
        } else {
          out.write(bytes, 0, n);
        }
      }
    } catch (IOException e) {
      // Either end is gone, and so is the other, below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    drop(from, to);
  }

  /** Waits while nothing passes. */
  private Mode awaitPassing(boolean toServer) throws IOException {
    synchronized (change) {
      while (!closed && (mode == Mode.STALL || (target == 0 && toServer))) {
        try {
          change.wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IOException("interrupted", e);
        }
      }
      return closed ? Mode.CUT : mode;
    }
  }

  private void drop(Socket one, Socket other) {
    for (Socket socket : new Socket[] {one, other}) {
      reset(socket);
      sockets.remove(socket);
    }
  }

  /** With a reset, not in good order: so that neither end takes it for a farewell. */
  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // Closed already.
    }
    try {
      socket.close();
    } catch (IOException e) {
      // Nothing more can be done with it.
    }
  }

  /** Ends all connections and closes the port. */
  @Override
  public void close() {
    synchronized (change) {
      closed = true;
      change.notifyAll();
    }
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close the proxy's port", e);
    }
    sockets.forEach(TcpProxy::reset);
  }
}
