package dev.millrace.servers;

/** Bounds shared by the options of both servers. */
final class Limits {

  private Limits() {}

  static void port(int port) {
    between("port", port, 0, 65_535);
  }

  static void heap(int megabytes) {
    between("heapMegabytes", megabytes, 128, 65_536);
  }

  private static void between(String name, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          name + " must be " + least + ".." + most + ", got " + value);
    }
  }
}
