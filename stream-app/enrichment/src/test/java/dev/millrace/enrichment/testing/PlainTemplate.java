package dev.millrace.enrichment.testing;

import dev.millrace.engine.tokenizer.ChatTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A chat template with one special id for each marker. Immutable. */
public final class PlainTemplate implements ChatTemplate {
  private static final int BEGIN = 1;
  private static final int SYSTEM = 2;
  private static final int USER = 3;
  private static final int ASSISTANT = 5;

  private final CharacterTokenizer tokenizer = new CharacterTokenizer();

  @Override
  public int[] encode(List<Message> messages, boolean generationPrompt) {
    List<int[]> pieces = new ArrayList<>();
    pieces.add(new int[] {BEGIN});
    for (Message message : messages) {
      pieces.add(new int[] {message.role().equals("system") ? SYSTEM : USER});
      pieces.add(tokenizer.encode(message.content()));
      pieces.add(new int[] {CharacterTokenizer.END_OF_TURN});
    }
    if (generationPrompt) {
      pieces.add(new int[] {ASSISTANT});
    }
    return joined(pieces);
  }

  @Override
  public List<Turn> turns(String system, String shared, List<String> varying) {
    List<Message> before = system.isEmpty() ? List.of() : List.of(new Message("system", system));
    int[] prefix =
        joined(List.of(encode(before, false), new int[] {USER}, tokenizer.encode(shared)));
    int[] end = {CharacterTokenizer.END_OF_TURN, ASSISTANT};
    return varying.stream()
        .map(text -> new Turn(prefix, joined(List.of(tokenizer.encode(text), end))))
        .toList();
  }

  private static int[] joined(List<int[]> pieces) {
    return pieces.stream().flatMapToInt(IntStream::of).toArray();
  }
}
