package dev.millrace.engine.template;

import dev.millrace.engine.template.Token.Kind;
import java.util.List;

/** Tokens read one after the other. Not thread-safe. */
final class TokenStream {
  private final List<Token> tokens;
  private int at;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token following() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  int line() {
    return current().line();
  }

  Token next() {
    Token token = current();
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = current().isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(Kind kind) {
    if (current().kind() != kind) {
      throw unexpected(new Token(kind, "", 0).described());
    }
    return next();
  }

  String expectName() {
    if (current().kind() != Kind.NAME) {
      throw unexpected("a name");
    }
    return next().text();
  }

  void expectName(String name) {
    if (!skipName(name)) {
      throw unexpected(name);
    }
  }

  void expectOperator(String operator) {
    if (!skipOperator(operator)) {
      throw unexpected(operator);
    }
  }

  TemplateException unexpected(String wanted) {
    return fail("expected " + wanted + ", found " + current().described());
  }

  TemplateException fail(String problem) {
    return new TemplateException(line(), problem);
  }
}
