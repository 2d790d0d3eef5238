package dev.millrace.engine.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Locale;
import java.util.jar.JarEntry;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks oneDNN and its OpenMP runtime from the class path into a directory that only this user
 * can write, once per version. Thread-safe: stateless.
 */
final class NativeLibraries {

  static final String OPENMP = "libgomp.so.1";
  static final String ONEDNN = "libdnnl.so.3";

  /** System property with a directory to unpack into; the default lies in the temporary folder. */
  static final String DIRECTORY_PROPERTY = "millrace.native.directory";

  private static final String RESOURCES = "org/bytedeco/dnnl/linux-x86_64/";

  private NativeLibraries() {}

  /** Whether the libraries on the class path are made for this machine. */
  static boolean madeForThisMachine() {
    String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return isLinux()
        && (processor.equals("amd64") || processor.equals("x86_64"))
        && resource(ONEDNN) != null;
  }

  /** Whether this is Linux. */
  static boolean isLinux() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
  }

  /**
   * Makes sure that both libraries lie in one directory.
   *
   * @throws UncheckedIOException if they cannot be unpacked
   */
  static Path unpack() {
    try {
      Path directory = privateDirectory();
      for (String name : new String[] {OPENMP, ONEDNN}) {
        unpack(name, directory);
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot unpack oneDNN; set -D%s to a directory this user can write"
              .formatted(DIRECTORY_PROPERTY),
          e);
    }
  }

  private static Path privateDirectory() throws IOException {
    String chosen = System.getProperty(DIRECTORY_PROPERTY, "");
    Path parent =
        chosen.isEmpty()
            ? Path.of(
                System.getProperty("java.io.tmpdir"),
                "millrace-native-" + System.getProperty("user.name", "user"))
            : Path.of(chosen);
    var ownerOnly = PosixFilePermissions.fromString("rwx------");
    if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(
          parent.toAbsolutePath(), PosixFilePermissions.asFileAttribute(ownerOnly));
    }
    boolean trusted =
        Files.getPosixFilePermissions(parent, LinkOption.NOFOLLOW_LINKS).equals(ownerOnly)
            && Files.getOwner(parent, LinkOption.NOFOLLOW_LINKS).equals(ownOf(parent));
    if (!trusted) {
      Path own =
          Files.createTempDirectory(
              "millrace-native", PosixFilePermissions.asFileAttribute(ownerOnly));
      own.toFile().deleteOnExit();
      return own;
    }
    JarEntry entry = entry(ONEDNN);
    String version = entry == null ? "unpacked" : Long.toHexString(entry.getCrc());
    return Files.createDirectories(parent.resolve("onednn-" + version));
  }

  /** The user this process runs as, asked from the file system that will hold the files. */
  private static UserPrincipal ownOf(Path parent) throws IOException {
    return parent
        .getFileSystem()
        .getUserPrincipalLookupService()
        .lookupPrincipalByName(System.getProperty("user.name", "user"));
  }

  private static void unpack(String name, Path directory) throws IOException {
    Path target = directory.resolve(name);
    JarEntry entry = entry(name);
    if (Files.isRegularFile(target) && entry != null && Files.size(target) == entry.getSize()) {
      return;
    }
    Path part = Files.createTempFile(directory, name, ".part");
    try (InputStream in = open(name)) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static InputStream open(String name) throws IOException {
    URL url = resource(name);
    if (url == null) {
      throw new IOException(name + " is not on the class path under " + RESOURCES);
    }
    return url.openStream();
  }

  private static @Nullable URL resource(String name) {
    return NativeLibraries.class.getClassLoader().getResource(RESOURCES + name);
  }

  private static @Nullable JarEntry entry(String name) throws IOException {
    URL url = resource(name);
    if (url == null) {
      return null;
    }
    URLConnection connection = url.openConnection();
    return connection instanceof JarURLConnection jar ? jar.getJarEntry() : null;
  }
}
