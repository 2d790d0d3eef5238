package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Call;
import dev.millrace.engine.template.Expression.Constant;
import dev.millrace.engine.template.Expression.Inputs;
import dev.millrace.engine.template.Expression.Keyword;
import dev.millrace.engine.template.Expression.Member;
import dev.millrace.engine.template.Expression.Slice;
import dev.millrace.engine.template.Expression.Subscript;
import dev.millrace.engine.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what follows an operand: members, subscripts, slices, calls. Not thread-safe. */
final class PostfixParser {
  private final TokenStream tokens;
  private final ExpressionParser expressions;

  PostfixParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expression of(Expression of) {
    Expression found = of;
    for (int links = 0; ; links = expressions.link(links)) {
      int line = tokens.line();
      if (tokens.skipOperator(".")) {
        found = member(line, found);
      } else if (tokens.skipOperator("[")) {
        found = subscript(line, found);
      } else if (tokens.current().isOperator("(")) {
        found = new Call(line, found, inputs());
      } else {
        return found;
      }
    }
  }

  private Expression member(int line, Expression of) {
    Token name = tokens.next();
    return switch (name.kind()) {
      case NAME -> new Member(line, of, name.text());
      case INTEGER ->
          new Subscript(line, of, new Constant(name.line(), ExpressionParser.number(name)));
      default -> throw ExpressionParser.unexpected(name);
    };
  }

  private Expression subscript(int line, Expression of) {
    Expression start = tokens.current().isOperator(":") ? null : expressions.expression();
    if (!tokens.skipOperator(":")) {
      if (start == null || tokens.current().isOperator(",")) {
        throw tokens.fail("not supported: several subscripts");
      }
      tokens.expectOperator("]");
      return new Subscript(line, of, start);
    }
    Expression stop = sliceBound();
    Expression step = tokens.skipOperator(":") ? sliceBound() : null;
    if (tokens.current().isOperator(",")) {
      throw tokens.fail("not supported: several subscripts");
    }
    tokens.expectOperator("]");
    return new Slice(line, of, start, stop, step);
  }

  private @Nullable Expression sliceBound() {
    Token token = tokens.current();
    return token.isOperator(":") || token.isOperator("]") || token.isOperator(",")
        ? null
        : expressions.expression();
  }

  /** What is written between a call's brackets. */
  Inputs inputs() {
    tokens.expectOperator("(");
    List<Expression> positional = new ArrayList<>();
    List<Keyword> keywords = new ArrayList<>();
    Expression more = null;
    Expression moreKeywords = null;
    while (!tokens.current().isOperator(")")) {
      if (tokens.current().isOperator("*") && more == null && moreKeywords == null) {
        tokens.next();
        more = expressions.expression();
      } else if (tokens.current().isOperator("**") && moreKeywords == null) {
        tokens.next();
        moreKeywords = expressions.expression();
      } else if (tokens.current().kind() == Kind.NAME
          && tokens.following().isOperator("=")
          && moreKeywords == null) {
        String name = tokens.next().text();
        tokens.next();
        if (keywords.stream().anyMatch(keyword -> keyword.name().equals(name))) {
          throw tokens.fail("the argument " + name + " is given twice");
        }
        keywords.add(new Keyword(name, expressions.expression()));
      } else if (more == null && moreKeywords == null && keywords.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.fail("a call's arguments are in no order that Python takes");
      }
      if (!tokens.skipOperator(",")) {
        break;
      }
    }
    tokens.expectOperator(")");
    return new Inputs(positional, keywords, more, moreKeywords);
  }
}
