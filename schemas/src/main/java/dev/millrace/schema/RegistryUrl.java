package dev.millrace.schema;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A registry's base address, and apart from it the credentials that stood in it: so that no client,
 * exception or log ever gets to see both.
 *
 * @param base the address without credentials and without a slash at its end
 * @param user {@code user:password} as they are sent, decoded; null for none
 */
record RegistryUrl(String base, @Nullable String user) {

  /** What separates addresses in a list; a comma in a password does not. */
  static final Pattern BETWEEN = Pattern.compile("\\s*,\\s*(?=[A-Za-z][A-Za-z0-9+.-]*://)");

  private static final Pattern URL = Pattern.compile("(?is)(https?)://([^/?#]*)([^?#]*)(.*)");
  private static final Pattern HOST = Pattern.compile("(?:[^\\s:\\[\\]@]+|\\[[0-9A-Fa-f:.%]+])");
  private static final Pattern PORT = Pattern.compile("(?::\\d{1,5})?");

  /** The addresses of a list. */
  static List<String> split(String list) {
    return BETWEEN.splitAsStream(list).map(String::strip).filter(s -> !s.isEmpty()).toList();
  }

  /**
   * Takes an address apart. The user information ends at the last @ before the first slash.
   *
   * @throws IllegalArgumentException if it is none; the message does not quote it
   */
  static RegistryUrl parse(String url) {
    Matcher matcher = URL.matcher(url);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("must begin with http:// or https://");
    }
    String authority = matcher.group(2);
    String path = matcher.group(3);
    int at = authority.lastIndexOf('@');
    String address = authority.substring(at + 1);
    Matcher host = HOST.matcher(address);
    boolean hasHost = host.lookingAt() && PORT.matcher(address.substring(host.end())).matches();
    boolean hasBlank = authority.chars().anyMatch(Character::isWhitespace);
    if (!hasHost || hasBlank || path.indexOf('@') >= 0 || matcher.group(4).indexOf('@') >= 0) {
      throw new IllegalArgumentException(
          "must have the form http://host:port/path; in a user name or password write / as %2F,"
              + " ? as %3F, # as %23, % as %25 and a blank as %20, or set schema.registry.user and"
              + " .password");
    }
    if (!matcher.group(4).isEmpty()) {
      throw new IllegalArgumentException(
          "must not have a query or fragment: a schema's path is put behind it");
    }
    String base =
        matcher.group(1).toLowerCase(Locale.ROOT) + "://" + address + path.replaceFirst("/+$", "");
    try {
      URI _ = new URI(base);
    } catch (URISyntaxException e) {
      // Not the cause: its message quotes the address, and what is wrong there may be a secret.
      throw new IllegalArgumentException("must be a URL, its path or host is none");
    }
    return new RegistryUrl(base, at < 0 ? null : user(authority.substring(0, at)));
  }

  /** A colon belongs to basic authentication even where there is no password. */
  private static String user(String information) {
    int colon = information.indexOf(':');
    return colon < 0
        ? decode(information) + ":"
        : decode(information.substring(0, colon)) + ":" + decode(information.substring(colon + 1));
  }

  /** Percent-encoding undone; a % that encodes nothing stands for itself, as + does. */
  private static String decode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream decoded = new ByteArrayOutputStream(bytes.length);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '%'
          && i + 2 < bytes.length
          && HexFormat.isHexDigit(bytes[i + 1])
          && HexFormat.isHexDigit(bytes[i + 2])) {
        decoded.write(
            HexFormat.fromHexDigit(bytes[i + 1]) << 4 | HexFormat.fromHexDigit(bytes[i + 2]));
        i += 2;
      } else {
        decoded.write(bytes[i]);
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(decoded.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "must be UTF-8 where its user or password is percent-encoded");
    }
  }

  /** The address for people. */
  String shown() {
    return user == null ? base : base.replaceFirst("//", "//" + CredentialMask.HIDDEN + "@");
  }

  /** Never with credentials. */
  @Override
  public String toString() {
    return shown();
  }
}
