package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Binary;
import dev.millrace.engine.template.Expression.Call;
import dev.millrace.engine.template.Expression.Chain;
import dev.millrace.engine.template.Expression.Conditional;
import dev.millrace.engine.template.Expression.Constant;
import dev.millrace.engine.template.Expression.Filter;
import dev.millrace.engine.template.Expression.Inputs;
import dev.millrace.engine.template.Expression.Joined;
import dev.millrace.engine.template.Expression.Name;
import dev.millrace.engine.template.Expression.Sequence;
import dev.millrace.engine.template.Expression.Test;
import dev.millrace.engine.template.Expression.Unary;
import dev.millrace.engine.template.Token.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads expressions, with Jinja's precedence. Not thread-safe. */
final class ExpressionParser {
  private static final int DEPTH_MAX = 60;
  private static final int LINKS_MAX = 300;
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenStream tokens;
  private final PostfixParser postfix;
  private int depth;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.postfix = new PostfixParser(tokens, this);
  }

  Expression expression() {
    return expression(true);
  }

  private Expression expression(boolean conditional) {
    if (++depth > DEPTH_MAX) {
      throw tokens.fail("expressions nest deeper than " + DEPTH_MAX + " levels");
    }
    Expression found = conditional ? conditional() : or();
    depth--;
    return found;
  }

  /** One expression, or several with commas between them, which are a tuple. */
  Expression tuple() {
    return tuple(true, false, "");
  }

  /** The same for places where an {@code if} or a word would end it. */
  Expression tupleBefore(String word) {
    return tuple(false, false, word);
  }

  private Expression tuple(boolean conditional, boolean bracketed, String endWord) {
    int line = tokens.line();
    List<Expression> items = new ArrayList<>();
    boolean tuple = false;
    while (!isTupleEnd(endWord)) {
      items.add(expression(conditional));
      if (!tokens.skipOperator(",")) {
        break;
      }
      tuple = true;
    }
    if (!tuple && items.size() == 1) {
      return items.getFirst();
    }
    if (!tuple && !bracketed) {
      throw tokens.unexpected("an expression");
    }
    return new Sequence(line, items, true);
  }

  boolean isTupleEnd(String endWord) {
    Token token = tokens.current();
    return token.kind() == Kind.PRINT_END
        || token.kind() == Kind.TAG_END
        || token.isOperator(")")
        || (!endWord.isEmpty() && token.isName(endWord));
  }

  private Expression conditional() {
    int line = tokens.line();
    Expression then = or();
    int links = 0;
    while (tokens.skipName("if")) {
      links = link(links);
      Expression test = or();
      Expression otherwise = tokens.skipName("else") ? nested(this::conditional) : null;
      then = new Conditional(line, test, then, otherwise);
      line = tokens.line();
    }
    return then;
  }

  /** Refuses what is too long a row of operators, filters or subscripts. */
  int link(int before) {
    if (before >= LINKS_MAX) {
      throw tokens.fail("an expression has more than " + LINKS_MAX + " operators in a row");
    }
    return before + 1;
  }

  private Expression nested(Supplier<Expression> parse) {
    if (++depth > DEPTH_MAX) {
      throw tokens.fail("expressions nest deeper than " + DEPTH_MAX + " levels");
    }
    Expression found = parse.get();
    depth--;
    return found;
  }

  private Expression or() {
    return words("or", this::and);
  }

  private Expression and() {
    return words("and", this::not);
  }

  private Expression words(String word, Supplier<Expression> operand) {
    Expression left = operand.get();
    int line = tokens.line();
    int links = 0;
    while (tokens.skipName(word)) {
      links = link(links);
      left = new Binary(line, word, left, operand.get());
      line = tokens.line();
    }
    return left;
  }

  private Expression not() {
    int line = tokens.line();
    if (tokens.skipName("not")) {
      return new Unary(line, "not", nested(this::not));
    }
    return comparison();
  }

  private Expression comparison() {
    int line = tokens.line();
    List<Expression> operands = new ArrayList<>(List.of(sum()));
    List<String> operators = new ArrayList<>();
    while (true) {
      Token token = tokens.current();
      if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipName("in")) {
        operators.add("in");
      } else if (token.isName("not") && tokens.following().isName("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        break;
      }
      operands.add(sum());
    }
    return operators.isEmpty() ? operands.getFirst() : new Chain(line, operands, operators);
  }

  private Expression sum() {
    return operators(List.of("+", "-"), this::joined);
  }

  private Expression joined() {
    int line = tokens.line();
    List<Expression> parts = new ArrayList<>(List.of(product()));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : new Joined(line, parts);
  }

  private Expression product() {
    return operators(List.of("*", "/", "//", "%"), this::power);
  }

  private Expression power() {
    return operators(List.of("**"), () -> unary(true));
  }

  private Expression operators(List<String> operators, Supplier<Expression> operand) {
    Expression left = operand.get();
    int links = 0;
    while (tokens.current().kind() == Kind.OPERATOR
        && operators.contains(tokens.current().text())) {
      links = link(links);
      Token operator = tokens.next();
      left = new Binary(operator.line(), operator.text(), left, operand.get());
    }
    return left;
  }

  private Expression unary(boolean filters) {
    int line = tokens.line();
    Expression found;
    if (tokens.skipOperator("-")) {
      found = new Unary(line, "-", nested(() -> unary(false)));
    } else if (tokens.skipOperator("+")) {
      found = new Unary(line, "+", nested(() -> unary(false)));
    } else {
      found = primary();
    }
    found = postfix.of(found);
    return filters ? filtersAndTests(found) : found;
  }

  Expression primary() {
    Token token = tokens.next();
    int line = token.line();
    return switch (token.kind()) {
      case NAME ->
          switch (token.text()) {
            case "true", "True" -> new Constant(line, Value.Bool.TRUE);
            case "false", "False" -> new Constant(line, Value.Bool.FALSE);
            case "none", "None" -> new Constant(line, Value.None.NONE);
            default -> new Name(line, token.text());
          };
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.current().kind() == Kind.STRING) {
          text.append(tokens.next().text());
        }
        yield new Constant(line, Text.of(text.toString()));
      }
      case INTEGER, REAL -> new Constant(line, number(token));
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> {
              Expression inside = tuple(true, true, "");
              tokens.expectOperator(")");
              yield inside;
            }
            case "[" -> list(line);
            case "{" -> mapping(line);
            default -> throw unexpected(token);
          };
      default -> throw unexpected(token);
    };
  }

  static TemplateException unexpected(Token token) {
    return new TemplateException(token.line(), "unexpected " + token.described());
  }

  static Value number(Token token) {
    String digits = token.text().replace("_", "");
    if (token.kind() == Kind.REAL) {
      double value = Double.parseDouble(digits);
      if (Double.isInfinite(value)) {
        throw new TemplateException(token.line(), "not supported: a number beyond 1.8e308");
      }
      return new Value.Real(value);
    }
    int radix =
        digits.length() < 2
            ? 10
            : switch (digits.charAt(1)) {
              case 'b', 'B' -> 2;
              case 'o', 'O' -> 8;
              case 'x', 'X' -> 16;
              default -> 10;
            };
    try {
      return new Value.Int(Long.parseLong(radix == 10 ? digits : digits.substring(2), radix));
    } catch (NumberFormatException e) {
      throw new TemplateException(token.line(), "not supported: an integer beyond 64 bits");
    }
  }

  private Expression list(int line) {
    List<Expression> items = new ArrayList<>();
    while (!tokens.current().isOperator("]")) {
      items.add(expression());
      if (!tokens.skipOperator(",")) {
        break;
      }
    }
    tokens.expectOperator("]");
    return new Sequence(line, items, false);
  }

  private Expression mapping(int line) {
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.current().isOperator("}")) {
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
      if (!tokens.skipOperator(",")) {
        break;
      }
    }
    tokens.expectOperator("}");
    return new Expression.Mapping(line, keys, values);
  }

  private Expression filtersAndTests(Expression of) {
    Expression found = of;
    for (int links = 0; ; links = link(links)) {
      int line = tokens.line();
      if (tokens.skipOperator("|")) {
        found = filter(found);
      } else if (tokens.skipName("is")) {
        found = test(line, found);
      } else if (tokens.current().isOperator("(")) {
        found = new Call(line, found, postfix.inputs());
      } else {
        return found;
      }
    }
  }

  /** A filter whose name comes next, and those after it. */
  Filter filters(@Nullable Expression input) {
    Filter found = filter(input);
    int links = 0;
    while (tokens.skipOperator("|")) {
      links = link(links);
      found = filter(found);
    }
    return found;
  }

  private Filter filter(@Nullable Expression input) {
    int line = tokens.line();
    String name = dottedName();
    Inputs inputs = tokens.current().isOperator("(") ? postfix.inputs() : Inputs.NONE;
    return new Filter(line, input, name, inputs);
  }

  private String dottedName() {
    StringBuilder name = new StringBuilder(tokens.expectName());
    while (tokens.skipOperator(".")) {
      name.append('.').append(tokens.expectName());
    }
    return name.toString();
  }

  private Expression test(int line, Expression of) {
    boolean negated = tokens.skipName("not");
    String name = dottedName();
    Inputs inputs = Inputs.NONE;
    Token token = tokens.current();
    if (token.isOperator("(")) {
      inputs = postfix.inputs();
    } else if (beginsOperand(token)) {
      if (token.isName("is")) {
        throw tokens.fail("tests cannot be chained with is");
      }
      inputs = new Inputs(List.of(postfix.of(nested(this::primary))), List.of(), null, null);
    }
    Expression found = new Test(line, of, name, inputs);
    return negated ? new Unary(line, "not", found) : found;
  }

  private static boolean beginsOperand(Token token) {
    return switch (token.kind()) {
      case NAME -> !Set.of("else", "or", "and").contains(token.text());
      case STRING, INTEGER, REAL -> true;
      case OPERATOR -> token.text().equals("[") || token.text().equals("{");
      default -> false;
    };
  }
}
