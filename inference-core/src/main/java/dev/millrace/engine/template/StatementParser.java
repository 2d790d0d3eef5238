package dev.millrace.engine.template;

import dev.millrace.engine.template.Expression.Constant;
import dev.millrace.engine.template.Expression.Filter;
import dev.millrace.engine.template.Expression.Name;
import dev.millrace.engine.template.Expression.Sequence;
import dev.millrace.engine.template.Statement.NameTarget;
import dev.millrace.engine.template.Statement.Output;
import dev.millrace.engine.template.Statement.Parameter;
import dev.millrace.engine.template.Statement.Target;
import dev.millrace.engine.template.Statement.TupleTarget;
import dev.millrace.engine.template.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/** Reads a template's statements. Not thread-safe. */
final class StatementParser {
  private static final int DEPTH_MAX = 40;

  /** Tags that Jinja has and that reach beyond one template or change what printing means. */
  private static final Set<String> REFUSED =
      Set.of("block", "extends", "include", "import", "from", "autoescape");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private int depth;

  /** For each open tag that is no loop or choice: loops inside it that a break may end. */
  private final Deque<Integer> loops = new ArrayDeque<>(List.of(0));

  private StatementParser(String source) {
    tokens = new TokenStream(Lexer.tokens(source));
    expressions = new ExpressionParser(tokens);
  }

  /**
   * A template's statements.
   *
   * @throws TemplateException if it is none of Jinja, or not supported
   */
  static List<Statement> parse(String source) {
    StatementParser parser = new StatementParser(source);
    List<Statement> all = parser.statements();
    if (parser.tokens.current().kind() != Kind.END) {
      throw parser.tokens.fail("unexpected tag " + parser.tokens.current().described());
    }
    return all;
  }

  /** Statements up to the end, or up to a tag whose word begins with end or else: left open. */
  private List<Statement> statements(String... endWords) {
    if (++depth > DEPTH_MAX) {
      throw tokens.fail("tags nest deeper than " + DEPTH_MAX + " levels");
    }
    List<Statement> all = new ArrayList<>();
    List<Expression> printed = new ArrayList<>();
    while (tokens.current().kind() != Kind.END) {
      Token token = tokens.next();
      if (token.kind() == Kind.DATA) {
        printed.add(new Constant(token.line(), Text.of(token.text())));
      } else if (token.kind() == Kind.PRINT) {
        printed.add(expressions.tuple());
        tokens.expect(Kind.PRINT_END);
      } else {
        flush(printed, all);
        for (String word : endWords) {
          if (tokens.current().isName(word)) {
            depth--;
            return all;
          }
        }
        all.add(statement());
        tokens.expect(Kind.TAG_END);
      }
    }
    flush(printed, all);
    if (endWords.length > 0) {
      throw tokens.unexpected("the tag " + endWords[endWords.length - 1]);
    }
    depth--;
    return all;
  }

  private static void flush(List<Expression> printed, List<Statement> into) {
    if (!printed.isEmpty()) {
      into.add(new Output(printed.getFirst().line(), List.copyOf(printed)));
      printed.clear();
    }
  }

  private Statement statement() {
    Token tag = tokens.current();
    String word = tag.kind() == Kind.NAME ? tag.text() : "";
    int line = tag.line();
    if (REFUSED.contains(word)) {
      throw tokens.fail("not supported: the tag " + word);
    }
    tokens.next();
    return switch (word) {
      case "set" -> set(line);
      case "if" -> choice(line);
      case "for" -> loop(line);
      case "macro" -> macro(line);
      case "call" -> call(line);
      case "generation" ->
          new Statement.CallBlock(line, List.of(), null, function("endgeneration"));
      case "filter" -> {
        Filter filter = expressions.filters(null);
        yield new Statement.FilterBlock(line, filter, body("endfilter"));
      }
      case "with" -> with(line);
      case "print" -> print(line);
      case "break", "continue" -> {
        if (loops.getLast() == 0) {
          throw new TemplateException(line, word + " outside a loop");
        }
        yield word.equals("break") ? new Statement.Break(line) : new Statement.Continue(line);
      }
      default -> throw new TemplateException(line, "unknown tag " + tag.described());
    };
  }

  /** A body whose end tag is read, too. */
  private List<Statement> body(String... endWords) {
    List<Statement> found = open(endWords);
    tokens.next();
    return found;
  }

  private List<Statement> open(String... endWords) {
    tokens.skipOperator(":");
    tokens.expect(Kind.TAG_END);
    return statements(endWords);
  }

  /** A body that Python makes a function of: a break inside it ends no loop outside. */
  private List<Statement> function(String endWord) {
    loops.addLast(0);
    List<Statement> found = body(endWord);
    loops.removeLast();
    return found;
  }

  private Statement set(int line) {
    Target target = target(true, "");
    if (tokens.skipOperator("=")) {
      return new Statement.Assign(line, target, expressions.tuple());
    }
    Filter filter = tokens.skipOperator("|") ? expressions.filters(null) : null;
    return new Statement.AssignBlock(line, target, filter, body("endset"));
  }

  private Statement choice(int line) {
    Expression test = expressions.tupleBefore("");
    List<Statement> then = open("elif", "else", "endif");
    List<Statement.If> alternatives = new ArrayList<>();
    List<Statement> otherwise = List.of();
    while (true) {
      Token word = tokens.next();
      if (word.isName("elif")) {
        Expression other = expressions.tupleBefore("");
        List<Statement> body = open("elif", "else", "endif");
        alternatives.add(new Statement.If(word.line(), other, body, List.of(), List.of()));
      } else {
        if (word.isName("else")) {
          otherwise = body("endif");
        }
        return new Statement.If(line, test, then, alternatives, otherwise);
      }
    }
  }

  private Statement loop(int line) {
    Target target = target(false, "in");
    tokens.expectName("in");
    Expression values = expressions.tupleBefore("recursive");
    Expression test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    loops.addLast((recursive ? 0 : loops.getLast()) + 1);
    List<Statement> body = open("endfor", "else");
    int around = loops.removeLast() - 1;
    List<Statement> otherwise = List.of();
    if (tokens.next().isName("else")) {
      loops.addLast(around);
      otherwise = body("endfor");
      loops.removeLast();
    }
    return new Statement.For(line, target, values, test, recursive, body, otherwise);
  }

  private Statement macro(int line) {
    String name = assignable(tokens.expect(Kind.NAME));
    List<Parameter> parameters = parameters();
    return new Statement.Define(line, name, parameters, function("endmacro"));
  }

  private Statement call(int line) {
    List<Parameter> parameters = tokens.current().isOperator("(") ? parameters() : List.of();
    if (!(expressions.expression() instanceof Expression.Call call)) {
      throw new TemplateException(line, "the tag call needs a call");
    }
    return new Statement.CallBlock(line, parameters, call, function("endcall"));
  }

  private List<Parameter> parameters() {
    tokens.expectOperator("(");
    List<Parameter> all = new ArrayList<>();
    boolean defaults = false;
    while (!tokens.current().isOperator(")")) {
      if (!all.isEmpty()) {
        tokens.expectOperator(",");
      }
      String name = assignable(tokens.expect(Kind.NAME));
      if (all.stream().anyMatch(parameter -> parameter.name().equals(name))) {
        throw tokens.fail("the parameter " + name + " is there twice");
      }
      Expression ifMissing = tokens.skipOperator("=") ? expressions.expression() : null;
      if (defaults && ifMissing == null) {
        throw tokens.fail("a parameter with a default is followed by one without");
      }
      defaults = ifMissing != null;
      all.add(new Parameter(name, ifMissing));
    }
    tokens.expectOperator(")");
    return all;
  }

  private Statement with(int line) {
    List<Target> targets = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (tokens.current().kind() != Kind.TAG_END) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(target(false, ""));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Statement.With(line, targets, values, body("endwith"));
  }

  private Statement print(int line) {
    List<Expression> parts = new ArrayList<>();
    while (tokens.current().kind() != Kind.TAG_END) {
      if (!parts.isEmpty()) {
        tokens.expectOperator(",");
      }
      parts.add(expressions.expression());
    }
    return new Output(line, parts);
  }

  /** What is assigned to: a name, a member of a namespace where allowed, or several. */
  private Target target(boolean members, String endWord) {
    int line = tokens.line();
    List<Target> all = new ArrayList<>();
    boolean tuple = false;
    while (!expressions.isTupleEnd(endWord)) {
      all.add(simpleTarget(members));
      if (!tokens.skipOperator(",")) {
        break;
      }
      tuple = true;
    }
    if (all.isEmpty()) {
      throw tokens.unexpected("a name");
    }
    return tuple ? new TupleTarget(line, all) : all.getFirst();
  }

  private Target simpleTarget(boolean members) {
    Token token = tokens.current();
    if (members && token.kind() == Kind.NAME && tokens.following().isOperator(".")) {
      tokens.next();
      tokens.next();
      return new Statement.MemberTarget(token.line(), token.text(), tokens.expectName());
    }
    return targetOf(expressions.primary());
  }

  private Target targetOf(Expression expression) {
    return switch (expression) {
      case Name name -> new NameTarget(name.line(), name.name());
      case Sequence items when items.tuple() ->
          new TupleTarget(items.line(), items.items().stream().map(this::targetOf).toList());
      default -> throw new TemplateException(expression.line(), "this cannot be assigned to");
    };
  }

  private String assignable(Token name) {
    if (Set.of("true", "false", "none", "True", "False", "None").contains(name.text())) {
      throw new TemplateException(name.line(), "this cannot be assigned to");
    }
    return name.text();
  }
}
