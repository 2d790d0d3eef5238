"""The prompt contract: which tokens surround a document, an instruction and an answer.

The document is the shared prefix and every task is a branch that continues it, so the two are tokenised apart:

    prefix = <|begin_of_text|> <|header_start|> user <|header_end|> \\n\\n  encode(document)
    branch = encode(instruction) <|eot|> <|header_start|> assistant <|header_end|> \\n\\n
    answer = encode(answer) <|eot|>
"""

BOS, END_OF_TEXT, HEADER_START, HEADER_END = "<|begin_of_text|>", "<|end_of_text|>", "<|header_start|>", "<|header_end|>"
EOM, EOT, PAD = "<|eom|>", "<|eot|>", "<|finetune_right_pad|>"
SPECIAL_TOKENS = [
    BOS, END_OF_TEXT, "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", HEADER_START, HEADER_END, EOM, EOT, "<|step|>",
    "<|python_start|>", "<|python_end|>", PAD,
    "<|text_post_train_reserved_special_token_0|>", "<|text_post_train_reserved_special_token_1|>",
    "<|text_post_train_reserved_special_token_2|>",
]

SUMMARISE = "\n\nSummarise in one line."
CLASSIFY = "\n\nWhich section?"
LANGUAGE_NAMES = {"en": "English", "it": "Italian", "fr": "French", "de": "German"}


def translate(language):
    return f"\n\nTranslate to {LANGUAGE_NAMES[language]}."


INSTRUCTIONS = [SUMMARISE, CLASSIFY] + [translate(language) for language in LANGUAGE_NAMES]

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|header_start|>' + message['role'] + '<|header_end|>\n\n' + message['content'] + '<|eot|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|header_start|>assistant<|header_end|>\n\n' }}{% endif %}"
)


class Encoder:
    """Turns texts into the token ids of prefixes, branches and answers."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        special = tokenizer.token_to_id
        self.bos, self.eot, self.pad = special(BOS), special(EOT), special(PAD)
        start, end = special(HEADER_START), special(HEADER_END)
        self.user = [self.bos, start, *self.ids("user"), end, *self.ids("\n\n")]
        self.assistant = [self.eot, start, *self.ids("assistant"), end, *self.ids("\n\n")]

    def ids(self, text):
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def prefix(self, document):
        return self.user + self.ids(document)

    def branch(self, instruction):
        return self.ids(instruction) + self.assistant
