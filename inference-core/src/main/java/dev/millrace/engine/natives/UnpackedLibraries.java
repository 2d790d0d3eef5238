package dev.millrace.engine.natives;

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
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks native libraries from the class path into a directory that only this user can write, once
 * per version: nobody else can plant a library there, and two processes that start together never
 * see half a file. Thread-safe: stateless.
 */
public final class UnpackedLibraries {

  /** System property with a directory to unpack into; the default lies in the temporary folder. */
  public static final String DIRECTORY_PROPERTY = "millrace.native.directory";

  private UnpackedLibraries() {}

  /** Whether this is Linux. */
  public static boolean isLinux() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
  }

  /**
   * Whether this machine runs Linux on x86-64 and the library is on the class path.
   *
   * @param resource path of the library in its jar
   */
  public static boolean madeForThisMachine(String resource) {
    String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    return isLinux()
        && (processor.equals("amd64") || processor.equals("x86_64"))
        && find(resource) != null;
  }

  /**
   * Makes sure that libraries lie together in one directory.
   *
   * @param what names them in the directory's name and in messages
   * @param folder their path in the jar, ending in a slash
   * @param names their file names; the first one tells versions apart
   * @return the directory
   * @throws UncheckedIOException if they cannot be unpacked
   */
  public static Path unpack(String what, String folder, List<String> names) {
    try {
      Path directory = privateDirectory(what, folder + names.getFirst());
      for (String name : names) {
        unpack(folder + name, directory.resolve(name));
      }
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot unpack %s; set -D%s to a directory this user can write"
              .formatted(what, DIRECTORY_PROPERTY),
          e);
    }
  }

  private static Path privateDirectory(String what, String resource) throws IOException {
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
    JarEntry entry = entry(resource);
    String version = entry == null ? "unpacked" : Long.toHexString(entry.getCrc());
    return Files.createDirectories(parent.resolve(what + "-" + version));
  }

  /** The user this process runs as, asked from the file system that will hold the files. */
  private static UserPrincipal ownOf(Path parent) throws IOException {
    return parent
        .getFileSystem()
        .getUserPrincipalLookupService()
        .lookupPrincipalByName(System.getProperty("user.name", "user"));
  }

  private static void unpack(String resource, Path target) throws IOException {
    JarEntry entry = entry(resource);
    if (Files.isRegularFile(target) && entry != null && Files.size(target) == entry.getSize()) {
      return;
    }
    Path directory = target.toAbsolutePath().getParent();
    Path part = Files.createTempFile(directory, target.getFileName().toString(), ".part");
    try (InputStream in = open(resource)) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static InputStream open(String resource) throws IOException {
    URL url = find(resource);
    if (url == null) {
      throw new IOException(resource + " is not on the class path");
    }
    return url.openStream();
  }

  private static @Nullable URL find(String resource) {
    return UnpackedLibraries.class.getClassLoader().getResource(resource);
  }

  private static @Nullable JarEntry entry(String resource) throws IOException {
    URL url = find(resource);
    if (url == null) {
      return null;
    }
    URLConnection connection = url.openConnection();
    return connection instanceof JarURLConnection jar ? jar.getJarEntry() : null;
  }
}
