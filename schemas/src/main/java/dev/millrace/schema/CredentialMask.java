package dev.millrace.schema;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Hides credentials in whatever is printed, logged or kept in an exception: the one place that
 * does. It rather hides too much than too little, for a URL that was written by hand need not
 * follow the rules for URLs. Stateless.
 *
 * <p>Hidden are the user information and the query of a URL, and the value behind a name that says
 * password, secret, passphrase or token.
 */
public final class CredentialMask {

  /** What stands for what is hidden. */
  public static final String HIDDEN = "***";

  private static final String SCHEME_END = "://";

  /** A name and what separates it from its value, in a JAAS entry, a property or JSON. */
  private static final Pattern NAME =
      Pattern.compile(
          "(?i)(?:password|passwd|passphrase|secret|token)(?:\\\\?[\"']\\s*[=:]|\\s*=)\\s*");

  private static final Pattern SHOWN = Pattern.compile("(?:\\*\\*\\*|\\[hidden]|null\\b)");
  private static final Pattern PORT = Pattern.compile("\\d{1,5}(?![\\w%@.~!$+-])");

  private CredentialMask() {}

  /** The text with every credential in it hidden. */
  public static String inText(String text) {
    return inNamedValues(inUrlsWithin(text));
  }

  /**
   * A value that is known to be one URL, or several with commas between them: whatever stands
   * before the last @ of each, and its query.
   */
  public static String inUrls(String urls) {
    StringBuilder masked = new StringBuilder();
    Matcher next = RegistryUrl.BETWEEN.matcher(urls);
    int from = 0;
    while (next.find()) {
      masked.append(inUrl(urls.substring(from, next.start()))).append(next.group());
      from = next.end();
    }
    return masked.append(inUrl(urls.substring(from))).toString();
  }

  private static String inUrl(String url) {
    int at = url.lastIndexOf('@');
    if (at < 0) {
      return inText(url);
    }
    int scheme = url.indexOf(SCHEME_END);
    String begin = scheme < 0 || scheme > at ? "" : url.substring(0, scheme + SCHEME_END.length());
    return begin + HIDDEN + withoutQuery(url.substring(at));
  }

  private static String inUrlsWithin(String text) {
    int scheme = text.indexOf(SCHEME_END);
    if (scheme < 0) {
      return text;
    }
    StringBuilder masked = new StringBuilder(text.length());
    int from = 0;
    while (scheme >= 0) {
      int begin = scheme + SCHEME_END.length();
      int next = text.indexOf(SCHEME_END, begin);
      int end = next < 0 ? text.length() : schemeBegin(text, begin, next);
      int lineEnd = text.indexOf('\n', begin);
      if (lineEnd >= 0 && lineEnd < end) {
        end = lineEnd;
      }
      masked.append(text, from, begin).append(behindScheme(text.substring(begin, end)));
      from = end;
      scheme = next;
    }
    return masked.append(text, from, text.length()).toString();
  }

  private static int schemeBegin(String text, int least, int schemeEnd) {
    int begin = schemeEnd;
    while (begin > least && isSchemeCharacter(text.charAt(begin - 1))) {
      begin--;
    }
    return begin;
  }

  private static boolean isSchemeCharacter(char c) {
    return c < 128 && (Character.isLetterOrDigit(c) || c == '+' || c == '.' || c == '-');
  }

  /**
   * What follows a scheme up to the next one or the end of the line. A colon with no port behind it
   * begins a password, which may have blanks and quotes in it: then all up to the last @ is hidden.
   */
  private static String behindScheme(String rest) {
    int run = runEnd(rest);
    int colon = rest.indexOf(':');
    boolean isPassword =
        colon >= 0
            && colon < authorityEnd(rest)
            && colon + 1 < rest.length()
            && !Character.isWhitespace(rest.charAt(colon + 1))
            && !PORT.matcher(rest).region(colon + 1, rest.length()).lookingAt();
    int at = isPassword ? rest.lastIndexOf('@') : rest.substring(0, run).lastIndexOf('@');
    if (at >= 0) {
      String host = rest.substring(at);
      int hostRun = runEnd(host);
      return HIDDEN + withoutQuery(host.substring(0, hostRun)) + host.substring(hostRun);
    }
    if (isPassword) {
      return rest.substring(0, colon + 1) + HIDDEN + rest.substring(Math.max(run, colon + 1));
    }
    return withoutQuery(rest.substring(0, run)) + rest.substring(run);
  }

  /**
   * Where the URL ends: before a blank or quote, less the punctuation of the sentence around it.
   */
  private static int runEnd(String text) {
    int end = indexOfAny(text, " \t\r\n\"'<>");
    while (end > 0 && ":;,.)]}".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    return end;
  }

  private static int authorityEnd(String text) {
    return text.startsWith("[") ? 0 : indexOfAny(text, "/?#@");
  }

  private static int indexOfAny(String text, String characters) {
    for (int i = 0; i < text.length(); i++) {
      if (characters.indexOf(text.charAt(i)) >= 0) {
        return i;
      }
    }
    return text.length();
  }

  private static String withoutQuery(String url) {
    int query = indexOfAny(url, "?#");
    return query >= url.length() - 1 ? url : url.substring(0, query + 1) + HIDDEN;
  }

  private static String inNamedValues(String text) {
    Matcher name = NAME.matcher(text);
    StringBuilder masked = new StringBuilder();
    int from = 0;
    while (name.find(from)) {
      int value = name.end();
      masked.append(text, from, value);
      if (SHOWN.matcher(text).region(value, text.length()).lookingAt()) {
        from = value;
        continue;
      }
      from = valueEnd(text, value);
      if (from > value) {
        masked.append(HIDDEN);
      }
    }
    return masked.append(text, from, text.length()).toString();
  }

  /** A value in quotes, escaped or not, goes to the quote that ends it. */
  private static int valueEnd(String text, int begin) {
    int open = begin < text.length() && text.charAt(begin) == '\\' ? begin + 1 : begin;
    char quote = open < text.length() ? text.charAt(open) : ' ';
    if (quote == '"' || quote == '\'') {
      for (int i = open + 1; i < text.length(); i++) {
        if (text.charAt(i) == '\\' && open == begin) {
          i++;
        } else if (text.charAt(i) == quote) {
          return i + 1;
        }
      }
      return text.length();
    }
    return begin + indexOfAny(text.substring(begin), " \t\r\n,;&})]");
  }
}
