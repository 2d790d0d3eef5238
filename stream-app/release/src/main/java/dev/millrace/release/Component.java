package dev.millrace.release;

import java.util.List;

/**
 * One jar of the release. Immutable.
 *
 * @param path where it lies in the archive
 * @param name its coordinates
 * @param sha256 digest of the file, in hexadecimal
 * @param licence what it is taken under, as an SPDX identifier
 * @param natives native libraries inside
 */
record Component(
    String path, Coordinates name, String sha256, String licence, List<NativeLibrary> natives) {

  Component {
    natives = List.copyOf(natives);
  }

  /**
   * A native library in a jar.
   *
   * @param entry its path in the jar
   * @param sha256 digest, in hexadecimal
   */
  record NativeLibrary(String entry, String sha256) {}
}
