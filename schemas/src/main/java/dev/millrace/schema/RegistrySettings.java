package dev.millrace.schema;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How a registry is reached.
 *
 * @param urls base addresses, tried in order; at least one. Each may have credentials of its own,
 *     percent-encoded where they need it
 * @param connectTimeout for one connection; 1 ms to 10 min
 * @param readTimeout for one read of an answer; 1 ms to 10 min
 * @param patience how long one call goes on trying, counted from its start; a try that has begun is
 *     finished. Zero for a single try
 * @param unknownTtl how long an id the registry did not know is not asked for again
 * @param cacheEntriesMax schemas kept; ids never change their meaning, so they do not expire
 * @param client settings passed on to the Confluent client: {@code basic.auth.*}, {@code
 *     bearer.auth.*}, {@code schema.registry.ssl.*}
 */
public record RegistrySettings(
    List<String> urls,
    Duration connectTimeout,
    Duration readTimeout,
    Duration patience,
    Duration unknownTtl,
    int cacheEntriesMax,
    Map<String, String> client) {

  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** Refuses settings that cannot be meant. */
  public RegistrySettings {
    urls = List.copyOf(urls);
    client = Collections.unmodifiableMap(new TreeMap<>(client));
    if (urls.isEmpty()) {
      throw new IllegalArgumentException("urls must name at least one registry");
    }
    problem(urls)
        .ifPresent(problem -> {
          throw new IllegalArgumentException("urls: " + problem);
        });
    between("connectTimeout", connectTimeout, Duration.ofMillis(1));
    between("readTimeout", readTimeout, Duration.ofMillis(1));
    between("patience", patience, Duration.ZERO);
    between("unknownTtl", unknownTtl, Duration.ZERO);
    if (cacheEntriesMax < 1 || cacheEntriesMax > 1_000_000) {
      throw new IllegalArgumentException(
          "cacheEntriesMax must be 1..1000000, got " + cacheEntriesMax);
    }
  }

  /** Sensible settings for these addresses. */
  public static RegistrySettings of(List<String> urls) {
    return new RegistrySettings(
        urls,
        Duration.ofSeconds(2),
        Duration.ofSeconds(3),
        Duration.ofSeconds(10),
        Duration.ofSeconds(2),
        1_000,
        Map.of());
  }

  /** The same with another timeout for connecting and for reading. */
  public RegistrySettings withTimeout(Duration timeout) {
    return new RegistrySettings(
        urls, timeout, timeout, patience, unknownTtl, cacheEntriesMax, client);
  }

  public RegistrySettings withPatience(Duration other) {
    return new RegistrySettings(
        urls, connectTimeout, readTimeout, other, unknownTtl, cacheEntriesMax, client);
  }

  public RegistrySettings withUnknownTtl(Duration other) {
    return new RegistrySettings(
        urls, connectTimeout, readTimeout, patience, other, cacheEntriesMax, client);
  }

  public RegistrySettings withBasicAuth(String user, String password) {
    Map<String, String> more = new LinkedHashMap<>(client);
    more.put("basic.auth.credentials.source", "USER_INFO");
    more.put("basic.auth.user.info", user + ":" + password);
    return withClient(more);
  }

  /** The same with other settings for the Confluent client. */
  public RegistrySettings withClient(Map<String, String> other) {
    return new RegistrySettings(
        urls, connectTimeout, readTimeout, patience, unknownTtl, cacheEntriesMax, other);
  }

  /**
   * What is wrong with base addresses, without quoting them: what looks like a host may be half of
   * a password.
   */
  public static Optional<String> problem(List<String> urls) {
    for (int i = 0; i < urls.size(); i++) {
      try {
        RegistryUrl _ = RegistryUrl.parse(urls.get(i));
      } catch (IllegalArgumentException e) {
        return Optional.of((urls.size() == 1 ? "it " : "entry " + (i + 1) + " ") + e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** The addresses of a list: a comma separates them where another address follows it. */
  public static List<String> splitUrls(String list) {
    return RegistryUrl.split(list);
  }

  /** The addresses apart from their credentials. */
  List<RegistryUrl> addresses() {
    return urls.stream().map(RegistryUrl::parse).toList();
  }

  /** The addresses for a message, without what may be secret in them. */
  String where() {
    return String.join(", ", addresses().stream().map(RegistryUrl::shown).toList());
  }

  /** Names client settings only: their values may be secret. */
  @Override
  public String toString() {
    return "RegistrySettings[urls=%s, connectTimeout=%s, readTimeout=%s, patience=%s, "
            .formatted(where(), connectTimeout, readTimeout, patience)
        + String.format(
            Locale.ROOT,
            "unknownTtl=%s, cacheEntriesMax=%d, client=%s]",
            unknownTtl,
            cacheEntriesMax,
            new TreeSet<>(client.keySet()));
  }

  private static void between(String name, Duration value, Duration least) {
    if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          name + " must be " + least + ".." + LONGEST + ", got " + value);
    }
  }
}
