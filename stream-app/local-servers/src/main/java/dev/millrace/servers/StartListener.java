package dev.millrace.servers;

import java.nio.file.Path;
import java.time.Duration;

/** Hears how the start of servers gets on. Called from several threads. */
public interface StartListener {

  /** Says nothing. */
  StartListener SILENT =
      new StartListener() {
        @Override
        public void onStarting(String server, Path log) {}

        @Override
        public void onReady(String server, String address, Duration took) {}
      };

  /**
   * A server's process is being started.
   *
   * @param server {@code broker} or {@code registry}
   * @param log the file its output goes to
   */
  void onStarting(String server, Path log);

  /**
   * A server answers.
   *
   * @param server {@code broker} or {@code registry}
   * @param address what clients connect to
   * @param took since {@link #onStarting}
   */
  void onReady(String server, String address, Duration took);
}
