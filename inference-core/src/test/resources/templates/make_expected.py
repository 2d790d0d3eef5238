#!/usr/bin/env python3
"""Renders templates with the Python library as transformers configures it: writes expected.json beside itself.

Run by hand, never by the build. Needs jinja2 (3.1.6 when the data was made) and nothing else:
    python3 make_expected.py
    python3 make_expected.py published DIR   (see fetch_published.sh: writes published.json, digests only)
"""
import copy
import datetime
import glob
import hashlib
import json
import os
import sys

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = os.path.dirname(os.path.abspath(__file__))


class Generation(jinja2.ext.Extension):
    """The tag that marks what the assistant says: it prints its body."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_said"), [], [], body).set_lineno(line)

    def _said(self, caller):
        return caller()


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


ENV = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
)
ENV.filters["tojson"] = tojson
ENV.globals["raise_exception"] = refuse
ENV.globals["strftime_now"] = datetime.datetime(2024, 7, 26).strftime


def render(template, variables):
    """The rendering, None if Jinja refuses."""
    try:
        return ENV.from_string(template).render(**copy.deepcopy(variables))
    except Exception:
        return None


# ---- conversations

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "days": {"type": "integer", "enum": [1, 2.5]}},
            "required": ["place"],
        },
    },
}
CONVERSATIONS = {
    "user": [{"role": "user", "content": "A document.\n\nAn instruction."}],
    "system": [
        {"role": "system", "content": "  Be brief.\n"},
        {"role": "user", "content": " Straße ΑΣ 😀 <b> & \"q\" it's /no_think \n"},
    ],
    "turns": [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "<think>\nhm\n</think>\n\ntwo"},
        {"role": "user", "content": ""},
    ],
    "tools": [
        {"role": "user", "content": "Rain?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"place": "Roma", "days": 1}}}],
        },
        {"role": "tool", "name": "weather", "content": "20°"},
    ],
}


def variables(messages, tools=None, generation=True):
    return {
        "messages": messages,
        "tools": tools,
        "documents": None,
        "add_generation_prompt": generation,
        "bos_token": "<s>",
        "eos_token": "</s>",
    }


# ---- templates

ASK = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"


def loop(body, before="", after=ASK, values="messages"):
    return "{{- bos_token }}" + before + "{%- for m in " + values + " %}" + body + "{%- endfor %}" + after


def turn(content="m.content", role="m.role"):
    return "{{- '<|im_start|>' + " + role + " + '\\n' + " + content + " + '<|im_end|>\\n' }}"


TEMPLATES = {
    "chatml": loop(turn()),
    "chatml lines": "{% for m in messages %}\n{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}\n"
    "{% endfor %}\n{% if add_generation_prompt %}\n{{ '<|im_start|>assistant\n' }}\n{% endif %}\n",
    "header set": "{% for m in messages %}{% set content = '<|start|>' + m['role'] + '<|end|>\n\n' + m['content'] | trim + '<|eot|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{{ '<|start|>assistant<|end|>\n\n' if add_generation_prompt }}",
    "instructions": "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('roles must alternate, got ' + m['role']) }}{% endif %}{% if m['role'] == 'user' %}"
    "{{ '[INST] ' + m['content'] + ' [/INST]' }}{% else %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}",
    "system into user": "{%- if messages[0].role == 'system' %}{%- set first = messages[0].content + '\\n\\n' %}{%- set rest = messages[1:] %}"
    "{%- else %}{%- set first = '' %}{%- set rest = messages %}{%- endif %}{%- for m in rest %}"
    "{{- '<turn>' ~ ('model' if m.role == 'assistant' else m.role) ~ '\\n' ~ (first if loop.first else '') ~ m.content|trim ~ '</turn>\\n' }}"
    "{%- endfor %}",
    "strip thoughts": loop("{%- set c = m.content %}{%- if '</think>' in c %}{%- set c = c.split('</think>')[-1].lstrip('\\n') %}{%- endif %}" + turn("c")),
    "last query": loop(
        "{%- if loop.index0 == ns.last %}{{- '<last>' }}{%- endif %}" + turn(),
        "{%- set ns = namespace(last=messages|length - 1, open=true) %}{%- for m in messages[::-1] %}"
        "{%- set i = (messages|length - 1) - loop.index0 %}{%- if ns.open and m.role == 'user' and m.content is string"
        " and not (m.content.startswith('<x>') and m.content.endswith('</x>')) %}{%- set ns.open = false %}{%- set ns.last = i %}"
        "{%- endif %}{%- endfor %}",
    ),
    "tools in json": "{%- if tools %}{{- '<tools>' }}{%- for t in tools %}{{- '\\n' }}{{- t | tojson }}{%- endfor %}{{- '</tools>' }}{%- endif %}"
    "{%- for m in messages %}{%- if m.tool_calls %}{%- for c in m.tool_calls %}{%- set f = c.function if c.function else c %}"
    "{{- '{\"name\": \"' }}{{- f.name }}{{- '\", \"arguments\": ' }}{{- f.arguments | tojson }}{{- '}' }}{%- endfor %}"
    "{%- else %}{{- m.content }}{%- endif %}{%- endfor %}",
    "tools indented": "{%- for t in tools or [] %}{{ t | tojson(indent=4) }}{%- else %}no tools{%- endfor %}",
    "schema macro": "{%- macro type(s) -%}{%- if s.enum is defined %}{{- s.enum | join('|') }}{%- elif s.type == 'object' %}{{- '{' }}"
    "{%- for k, v in s.properties.items() %}{{- k ~ ('' if k in (s.required or []) else '?') ~ ': ' ~ type(v) }}"
    "{%- if not loop.last %}{{- ', ' }}{%- endif %}{%- endfor %}{{- '}' }}{%- else %}{{- s.type }}{%- endif %}{%- endmacro -%}"
    "{%- for t in tools or [] %}{{ t.function.name }}({{ type(t.function.parameters) }}){%- endfor %}",
    "date": "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d, %A %H:%M') }}",
    "date given or not": "{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now('%d %B %Y') %}"
    "{%- else %}{%- set date_string = 'none' %}{%- endif %}{%- endif %}{{- date_string }}",
    "generation": loop("{%- if m.role == 'assistant' %}{% generation %}" + turn() + "{% endgeneration %}{%- else %}" + turn() + "{%- endif %}"),
    "tools are given as none": "{{ tools is defined }}{{ tools is none }}{{ documents is defined }}{{ xml_tools is defined }}",
    "upper": loop(turn("(m.content | upper)")),
    "lower": loop(turn("m.content.lower()")),
    "title": loop(turn("(m.content | title)") + turn("m.content.title()")),
    "replace": loop(turn("m.content.replace('instruction', 'rule') | replace('\\n\\n', '\\n')")),
    "content in json": loop(turn("(m.content | tojson)") + turn("(m.content | tojson(ensure_ascii=true))")),
    "escape": loop("{{- m.content | e }}{{- ('<' | e) + m.content }}{{- m.content | safe }}"),
    "slices": loop(turn("m.content[2:-2:3]") + turn("m.content[::-1]") + "{{- m.content[0] }}"),
    "length": loop("{%- if m.content | length > 12 %}{{- '<long>' }}{%- endif %}{{- m.content | length }}" + turn()),
    "switch": loop(turn(), "{%- set think = messages | selectattr('content', 'string') | selectattr('role', 'eq', 'user') | map(attribute='content')"
                   " | select('search') | list if false else namespace(on=true) %}{%- for m in messages %}{%- if '/no_think' in m.content %}"
                   "{%- set think.on = false %}{%- endif %}{%- endfor %}{{- '<think>' if think.on else '<no>' }}"),
    "words": loop("{{- m.content | wordcount }}{{- m.content.split() }}{{- m.content.split(' ', 1) }}{{- m.content | list | last }}"),
    "lines": loop(turn("(m.content | indent(4))") + turn("(m.content.splitlines() | join('|'))") + turn("(m.content | truncate(8, true, '…', 0))")),
    "format": loop("{{- '%s: %-8s|' % (m.role, m.role) }}{{- '{} {0!r}'.format(m.role) if false else '{0} {1!r:>12}'.format(m.role, m.content[:3]) }}{{- '%s' | format(m.content) }}"),
    "values": "{{ none }} {{ true }} {{ 1.0 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 2 ** 5 }} {{ [1, 'a', none] }} {{ {'k': (1,)} }} {{ 1e20 }} {{ 'it\\'s' | list }}",
    "and or": "{{ 'a' and 'b' }}{{ '' or 'c' }}{{ none and 1 }}{{ 0 or [] }}{{ not 'false' }}{{ '1' == 1 }}{{ 1 == true }}",
    "comparisons": "{{ 0 < messages|length < 9 }}{{ 'a' < 'b' }}{{ [1, 2] < [1, 3] }}{{ 'x' not in 'abc' }}{{ not 'x' in 'abc' }}{{ 3 is odd and 4 is divisibleby 2 }}",
    "undefined": "{{ missing }}{{ missing | default('d') }}{{ missing is defined }}{{ messages[0].nothing }}{% for x in missing %}{{ x }}{% else %}e{% endfor %}{{ 'if' if missing }}",
    "undefined used": "{{ missing.member }}",
    "scopes": "{% set x = 1 %}{% for i in range(2) %}{% set x = x + 5 %}{{ x }}{% set y = i %}{% endfor %}{{ x }}{{ y }}{% if true %}{% set z = 3 %}{% endif %}{{ z }}",
    "late set": "{% for m in messages %}{{ bos_token }}{% endfor %}{% set bos_token = 'b' %}{{ bos_token }}",
    "with": "{% with a = 1, b = messages|length %}{{ a + b }}{% set a = 7 %}{{ a }}{% endwith %}{{ a }}",
    "set block": "{% set intro %}You are {{ 'kind' }}.\n{% endset %}{{ intro }}{% set s | upper | trim %} a {% endset %}{{ s }}",
    "filter block": "{% filter upper | replace('A', 'b') %}a{{ 'c' }}{% endfilter %}",
    "call": "{% macro box(t, n=2) %}{{ '[' * n }}{{ t }}{{ caller(t) }}{{ varargs }}{{ kwargs }}{% endmacro %}{% call(x) box('q') %}<{{ x }}>{% endcall %}"
    "{{ box.name }}{{ box.arguments }}",
    "macro": "{% macro m(a, b=a, c='C') %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m('x', *[2]) }}{{ m(**{'a': 5}) }}",
    "recursive": "{% for i in [1, [2, [3]], 4] recursive %}{{ loop.depth }}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor %}",
    "loop": "{% for m in messages %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.cycle('a', 'b') }}"
    "{{ loop.changed(m.role) }}{{ loop.previtem.role if loop.previtem }}{{ loop.nextitem is defined }};{% endfor %}",
    "break and continue": "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% elif i == 5 %}{% break %}{% endif %}{{ i }}{% else %}e{% endfor %}"
    "{% for i in [1] %}{% continue %}{% else %}e{% endfor %}",
    "loop filter": "{% for m in messages if m.role != 'user' %}{{ loop.index }}{{ m.role }}{% else %}none{% endfor %}",
    "unpacking": "{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% set p, q = 'xy' %}{{ q }}{{ p }}",
    "mappings": "{% set d = {'b': 2, 'a': 1, 'items': 'I'} %}{{ d['items'] }}{{ d.a }}{{ d.keys() | list }}{{ d | dictsort }}{{ d.get('z', 9) }}{% for k, v in d.items() %}{{ k }}{{ v }}{% endfor %}{{ dict(a=1, **{'c': 3}) }}",
    "lists": "{{ [3, 1, 2] | sort }}{{ ['b', 'A'] | sort | first }}{{ [1, 1, 2] | unique | list }}{{ [1, 2, 3] | batch(2) | list }}{{ range(5)[-1] }}{{ [[1], [2]] | sum(start=[]) }}{{ (1, 2) + (3,) }}{{ [0] * 3 }}",
    "attributes": "{{ messages | map(attribute='role') | join(',') }}{{ messages | rejectattr('role', 'in', ['user']) | list | length }}{{ messages | groupby('role') | map('first') | list }}",
    "tests": "{% for x in [1, 1.5, 'a', none, true, [], {}, missing] %}{{ x is string }}{{ x is number }}{{ x is mapping }}{{ x is sequence }}{{ x is iterable }}{{ x is none }}{{ x is boolean }};{% endfor %}",
    "white space": "a \n  {%- if true -%}  \n b {{- ' c ' -}} d {%- endif +%}\n\n  {#- x -#}  e\n   {% raw -%} {{ x }} {%- endraw %}\n f{# c #}\n\n",
    "indented tags": "x\n    {% if true %}\n  y\n\t{# note #}\n    {%+ if true %}z{% endif %}\n    {% endif %}\nw\n",
    "raw": "{% raw %}{{ not a tag }} {% if not x is y %}{% endraw %}{{- '{{' }}",
    "strings": "{{ 'a' 'b' }}{{ '\\u00e9\\x41\\101\\t|' }}{{ \"it's {% no tag %} }}\" }}{{ 'two\nlines' }}",
    "string methods": "{{ ' x '.strip() ~ 'a-b'.partition('-') ~ 'abc'.find('c') ~ 'a.b.c'.rsplit('.', 1) ~ 'x'.center(5, '*') ~ '7'.zfill(3) ~ 'abc'.removeprefix('a') ~ 'Ab1'.isalnum() ~ 'a,b'.split(',') | join('+') }}",
    "numbers": "{{ '3' | int + 1 }}{{ '2.5' | float }}{{ 2.567 | round(1) }}{{ 'x' | int(7) }}{{ -3 | abs }}{{ 42.5 | round | int }}{{ 10 / 4 }}{{ 1_000 }}{{ 0.1 + 0.2 }}",
    "changes are forbidden": "{% set l = [] %}{{ l.append is defined }}{{ l.append(1) }}",
    "no such filter": "{{ 1 | nothing }}",
    "no such filter where none asks": "{{ 1 if true else 2 | nothing }}{% if false %}{{ 3 | nothing }}{% endif %}",
    "unknown tag": "{% nothing %}",
    "not closed": "{% if true %}x",
}

# ---- expressions

GIVEN = {
    "s": "Hello World", "e": "", "u": "ÄÖ ß ﬁ ΑΣ Σ. x", "emo": "a😀b", "n": 7, "neg": -7, "f": 2.5, "t": True, "no": None,
    "l": [3, 1, 2], "el": [], "ls": ["b", "A", "c"], "d": {"b": 2, "a": 1, "items": "I"}, "nest": {"a": {"b": [1, {"c": "deep"}]}},
    "msgs": [{"role": "system", "n": 2}, {"role": "user", "n": 1}, {"role": "User"}],
    "ws": " \t\n x y \u00a0\u2003\x1c", "nl": "a\nb\r\nc\x0bd\n", "qq": "it's \"q\"", "esc": "\\ \x00\x7f\u200b\xad\ue000é",
}
SUFFIXES = [
    "", "|string", "|tojson", "|length", "|list", "|first", "|last", "|join('-')", "|int", "|float", "|default('D', true)", "|upper", "|title",
    "|capitalize", "|trim", "|reverse|list", "|sort", "|unique|list", "|min", "|max", "|sum", "|abs", "|round", "|escape", "|items|list",
    "|wordcount", "|center(20)", "|batch(2)|list", "|urlencode", "|replace('l', 'L')", "|map('string')|list", "|select|list", "|tojson(indent=2)",
    "[0]", "[-1]", "[1:]", "[::-1]", "['a']", ".a", ".upper()", "()", " in [1, 'a', none]", " == 1", " * 2", " if false else 'F'", " and 'x'",
    " or 'y'", " is string", " is mapping", " is iterable", " is sequence", " is number", " is defined", " is odd", " is none", " is filter", " is test", ".get('a')",
]
OPERATORS = ["+", "-", "/", "//", "%", "==", "<", ">=", "in", "not in", "~", "and", "or"]
OPERANDS = ["s", "n", "neg", "f", "t", "no", "l", "d", "undef", "0", "'a'", "(1, 2)"]
METHODS = [
    "strip()", "lstrip()", "rstrip()", "strip('x ')", "split()", "split(' ', 1)", "rsplit(none, 1)", "splitlines(true)", "upper()", "lower()",
    "title()", "capitalize()", "startswith(('x', 'a'))", "endswith('d')", "find('o', 5)", "rfind('')", "index('zz')", "count('')", "count('l', 3)",
    "replace('', '-')", "replace('l', 'LL', 1)", "partition(' ')", "rpartition(' ')", "ljust(15, '.')", "center(15, '*')", "zfill(15)", "isdigit()",
    "isalpha()", "isalnum()", "isspace()", "isupper()", "join(['a', 'b'])", "format(1)", "nope()", "split('')",
]


def expressions():
    names = list(GIVEN) + ["undef", "range(3)", "0.1", "1e-7"]
    yield from (name + suffix for name in names for suffix in SUFFIXES)
    yield from (f"{a} {o} {b}" for a in OPERANDS for b in OPERANDS for o in OPERATORS)
    yield from (f"{a}.{m}" for a in ["s", "e", "u", "emo", "ws", "nl", "qq", "'-42'"] for m in METHODS)


def expected():
    return {
        "madeWith": {"jinja2": jinja2.__version__, "python": sys.version.split()[0]},
        "conversations": {n: variables(m, [TOOL] if n == "tools" else None, n != "turns") for n, m in CONVERSATIONS.items()},
        "templates": [
            {
                "name": name,
                "template": t,
                "renderings": {
                    n: render(t, variables(m, [TOOL] if n == "tools" else None, n != "turns")) for n, m in CONVERSATIONS.items()
                },
            }
            for name, t in TEMPLATES.items()
        ],
        "given": GIVEN,
        "expressions": [[x, render("{{ " + x + " }}", GIVEN)] for x in expressions()],
    }


# ---- published templates: only digests of what they print

def published(directory):
    digests = {}
    for path in sorted(glob.glob(directory + "/*/package/models/tokenizer_config.json")):
        config = json.load(open(path, encoding="utf-8"))
        template = config.get("chat_template")
        if not template:
            continue
        tokens = {k: v["content"] if isinstance(v, dict) else v for k, v in config.items() if k in ("bos_token", "eos_token") and v}
        for name, messages in CONVERSATIONS.items():
            for given in (None, [TOOL]):
                printed = render(template, {**variables(messages, given), **tokens})
                key = path.split("/")[-4] + " " + name + (" with tools" if given else "")
                digests[key] = printed if printed is None else hashlib.sha256(printed.encode()).hexdigest()
    return {"madeWith": {"jinja2": jinja2.__version__}, "sha256": digests}


if __name__ == "__main__":
    if sys.argv[1:2] == ["published"]:
        target, data = "published.json", published(sys.argv[2])
    else:
        target, data = "expected.json", expected()
    with open(os.path.join(HERE, target), "w", encoding="utf-8") as out:
        json.dump(data, out, ensure_ascii=True, indent=0)
        out.write("\n")
