package dev.millrace.release;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a jar says of itself. Stateless. */
final class Jar {
  private static final Pattern TEXT =
      Pattern.compile(
          "(META-INF/)?(LICEN[SC]E|NOTICE|COPYING)[^/]*|META-INF/licen[sc]es?/[^/]+",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern NATIVE =
      Pattern.compile(".*\\.(so|dll|dylib|jnilib|a)(\\.[0-9.]+)?");
  private static final Pattern BLOCK = Pattern.compile("(?s)<licenses>.*?</licenses>");
  private static final Pattern NAME = Pattern.compile("<name>\\s*([^<]*?)\\s*</name>");

  private Jar() {}

  static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return sha256(in);
    }
  }

  static String sha256(byte[] bytes) {
    try {
      return sha256(new ByteArrayInputStream(bytes));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sha256(InputStream in) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Native libraries inside, of every platform, in the order of their paths. */
  static List<Component.NativeLibrary> natives(Path file) throws IOException {
    Map<String, Component.NativeLibrary> found = new TreeMap<>();
    try (JarFile jar = new JarFile(file.toFile())) {
      for (JarEntry entry : jar.stream().toList()) {
        if (!entry.isDirectory() && NATIVE.matcher(entry.getName()).matches()) {
          try (InputStream in = jar.getInputStream(entry)) {
            String name = entry.getName();
            found.put(name, new Component.NativeLibrary(name, sha256(in)));
          }
        }
      }
    }
    return List.copyOf(found.values());
  }

  /** Licences and notices that it carries: file name and bytes, in the order of their paths. */
  static Map<String, byte[]> texts(Path file) throws IOException {
    Map<String, byte[]> found = new TreeMap<>();
    try (JarFile jar = new JarFile(file.toFile())) {
      for (JarEntry entry : jar.stream().toList()) {
        if (!entry.isDirectory() && TEXT.matcher(entry.getName()).matches()) {
          try (InputStream in = jar.getInputStream(entry)) {
            String name = entry.getName().replaceFirst("^META-INF/", "").replace('/', '-');
            found.putIfAbsent(name, in.readAllBytes());
          }
        }
      }
    }
    return found;
  }

  /** How it names its licences, in its manifest and in its own POM; empty if it does not. */
  static List<String> declaredLicences(Path file) throws IOException {
    List<String> found = new ArrayList<>();
    try (JarFile jar = new JarFile(file.toFile())) {
      Manifest manifest = jar.getManifest();
      String bundle =
          manifest == null ? null : manifest.getMainAttributes().getValue("Bundle-License");
      if (bundle != null) {
        found.addAll(List.of(bundle.split(",(?=\\s*(?:http|\"|[A-Z]))")));
      }
      List<JarEntry> poms =
          jar.stream().filter(e -> e.getName().matches("META-INF/maven/.*/pom\\.xml")).toList();
      // More than one: others were shaded into it, and their licences are no choice.
      if (poms.size() == 1) {
        try (InputStream in = jar.getInputStream(poms.getFirst())) {
          String pom = new String(in.readAllBytes(), StandardCharsets.UTF_8);
          Matcher block = BLOCK.matcher(pom);
          if (block.find()) {
            NAME.matcher(block.group()).results().forEach(name -> found.add(name.group(1)));
          }
        }
      }
    }
    return found.stream().map(String::strip).filter(name -> !name.isEmpty()).toList();
  }
}
