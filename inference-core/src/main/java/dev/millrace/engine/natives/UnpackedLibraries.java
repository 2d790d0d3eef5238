package dev.millrace.engine.natives;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.jar.JarEntry;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks native libraries from the class path into a directory that only this user can write, once
 * per version: nobody else can plant a library there, and two processes that start together never
 * see half a file. Thread-safe: stateless.
 */
public final class UnpackedLibraries {

  /** System property with a directory to unpack into; the default lies in the temporary folder. */
  public static final String DIRECTORY_PROPERTY = "millrace.native.directory";

  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

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

  /**
   * A directory for files of one kind that only this user can write, the same in each process of
   * the user.
   *
   * @param what names it
   * @throws UncheckedIOException if it cannot be made
   */
  public static Path directory(String what) {
    try {
      return Files.createDirectories(parent().resolve(what));
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot make a directory for %s; set -D%s to a directory this user can write"
              .formatted(what, DIRECTORY_PROPERTY),
          e);
    }
  }

  private static Path privateDirectory(String what, String resource) throws IOException {
    JarEntry entry = entry(resource);
    String version = entry == null ? "unpacked" : Long.toHexString(entry.getCrc());
    return Files.createDirectories(parent().resolve(what + "-" + version));
  }

  private static Path parent() throws IOException {
    String chosen = System.getProperty(DIRECTORY_PROPERTY, "");
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path parent =
        chosen.isEmpty() ? temporary.resolve("millrace-native-" + user()) : Path.of(chosen);
    var ownerOnly = PosixFilePermissions.fromString("rwx------");
    if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(
          parent.toAbsolutePath(), PosixFilePermissions.asFileAttribute(ownerOnly));
    }
    boolean trusted =
        Files.getPosixFilePermissions(parent, LinkOption.NOFOLLOW_LINKS).equals(ownerOnly)
            && isOwn(parent);
    if (!trusted) {
      Path own =
          Files.createTempDirectory(
              "millrace-native", PosixFilePermissions.asFileAttribute(ownerOnly));
      own.toFile().deleteOnExit();
      return own;
    }
    return parent;
  }

  /**
   * Whether the directory belongs to the user this process runs as: so does a file that it makes
   * there. A name would not tell, for a user that is only a number in a container has none.
   */
  private static boolean isOwn(Path directory) throws IOException {
    Path probe;
    try {
      probe = Files.createTempFile(directory, "owner", null);
    } catch (AccessDeniedException e) {
      return false;
    }
    try {
      return Files.getOwner(probe, LinkOption.NOFOLLOW_LINKS)
          .equals(Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS));
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  /** Names the user in a file name: the JVM's name for one without a name is a question mark. */
  private static String user() throws IOException {
    String name = System.getProperty("user.name", "");
    if (PLAIN_NAME.matcher(name).matches()) {
      return name;
    }
    Path probe = Files.createTempFile("millrace-owner", null);
    try {
      return "uid-" + Files.getAttribute(probe, "unix:uid");
    } finally {
      Files.deleteIfExists(probe);
    }
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
